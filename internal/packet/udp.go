package packet

import (
	"encoding/binary"
	"net/netip"
)

// parseUDP reads the datagram that is the payload of IP, of which there ought to be size bytes. What comes behind the datagram is
// padding of the frame, or options of UDP (RFC 9868), which are left out as the kernel does.
func parseUDP(d *Datagram, b []byte, size int, addresses []byte, accept Accept) Reason {
	if size < udpSize {
		return Length
	}
	if len(b) < udpSize {
		return Short
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	if length < udpSize || length > size {
		return Length
	}
	d.Src = netip.AddrPortFrom(d.Src.Addr(), binary.BigEndian.Uint16(b))
	d.Dst = netip.AddrPortFrom(d.Dst.Addr(), binary.BigEndian.Uint16(b[2:]))
	sum := binary.BigEndian.Uint16(b[6:])
	if d.NoSum = sum == 0; d.NoSum && len(addresses) > 8 {
		return NoSum
	}
	if len(b) < length {
		d.Payload = b[udpSize:]
		return Truncated
	}
	b = b[:length]
	d.Payload = b[udpSize:]
	if d.NoSum || accept&AnySum != 0 {
		return OK
	}
	header := pseudo(addresses, uint16(length))
	switch {
	case header.add(b).fold() == 0xffff:
		return OK
	case header.fold() == sum:
		// What the kernel leaves there for the interface that is to add the rest (CHECKSUM_PARTIAL).
		return Unfinished
	}
	return Sum
}
