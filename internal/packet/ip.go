package packet

import (
	"encoding/binary"
	"net/netip"
)

// Of the field with flags and fragment offset of IPv4: more fragments follow, or this one is not the first.
const fragmented = 0x3fff

func parse4(d *Datagram, b []byte, accept Accept) Reason {
	if len(b) < ip4Size {
		return Short
	}
	size, total := int(b[0]&0x0f)*4, int(binary.BigEndian.Uint16(b[2:]))
	if b[0]>>4 != 4 || size < ip4Size || total < size {
		return Header
	}
	if len(b) < size {
		return Short
	}
	if accumulator(0).add(b[:size]).fold() != 0xffff {
		return HeaderSum
	}
	if binary.BigEndian.Uint16(b[6:])&fragmented != 0 {
		return Fragment
	}
	if b[9] != protocolUDP {
		return Protocol
	}
	if accept&AnySource == 0 && !answerable4([4]byte(b[12:16])) {
		return Source
	}
	d.TTL, d.TOS = b[8], b[1]
	addresses := b[12:20]
	d.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte(addresses)), 0)
	d.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte(addresses[4:])), 0)
	return parseUDP(d, b[size:], total-size, addresses, accept)
}

// answerable4 is false for 0.0.0.0/8, 127.0.0.0/8, and 224.0.0.0/3, which are multicast, reserved and broadcast: the kernel calls
// such sources martians.
func answerable4(a [4]byte) bool { return a[0] != 0 && a[0] != 127 && a[0] < 224 }

func parse6(d *Datagram, b []byte, accept Accept) Reason {
	if len(b) < ip6Size {
		return Short
	}
	if b[0]>>4 != 6 {
		return Header
	}
	switch b[6] {
	case protocolUDP:
	case protocolFragment:
		return Fragment
	case protocolHopByHop, protocolRouting, protocolESP, protocolAH, protocolDestination, protocolMobility, protocolHIP, protocolShim6:
		return Extension
	default:
		return Protocol
	}
	src := netip.AddrFrom16([16]byte(b[8:24]))
	if accept&AnySource == 0 && (src.IsUnspecified() || src.IsMulticast() || src.IsLoopback()) {
		return Source
	}
	d.TTL, d.TOS = b[7], b[0]<<4|b[1]>>4
	d.Src = netip.AddrPortFrom(src, 0)
	d.Dst = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[24:40])), 0)
	return parseUDP(d, b[ip6Size:], int(binary.BigEndian.Uint16(b[4:])), b[8:40], accept)
}
