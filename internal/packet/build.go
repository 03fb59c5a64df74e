package packet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
)

// MostPayload is the most bytes that a datagram carries in IPv4. In IPv6, where the length of the IP header does not count, it
// could be 20 more.
const MostPayload = math.MaxUint16 - ip4Size - udpSize

// MostHeaders is the most bytes that a [Template] puts before a payload.
const MostHeaders = etherSize + ip6Size + udpSize

// ErrFamilies is the error for two addresses of which one is IPv4 and the other IPv6.
var ErrFamilies = errors.New("the addresses are not of one family")

// A Template is the headers of frames that go from one socket to another and differ in their payloads. Their checksums are
// computed once; a frame adds to them what its length and its payload make of it.
type Template struct {
	headers [MostHeaders]byte
	size    int         // of the headers
	at      int         // where the header of UDP begins
	ip      accumulator // of the header of IPv4, without the length
	udp     accumulator // of the pseudo header and the ports, without the lengths
}

// NewTemplate makes the headers for frames from one interface to another, with the identification 0 and no fragmentation
// (RFC 6864) and a hop limit of 64.
func NewTemplate(srcMAC, dstMAC [6]byte, src, dst netip.AddrPort) (t Template, err error) {
	from, to := src.Addr().Unmap(), dst.Addr().Unmap()
	if !from.IsValid() || !to.IsValid() || from.Is4() != to.Is4() {
		return t, fmt.Errorf("a frame from %v to %v: %w", src, dst, ErrFamilies)
	}
	h := append(append(t.headers[:0], dstMAC[:]...), srcMAC[:]...)
	var addresses []byte
	if from.Is4() {
		h = append(h, typeIP4>>8, typeIP4&0xff, 0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, protocolUDP, 0, 0)
		h = append(append(h, from.AsSlice()...), to.AsSlice()...)
		t.ip, addresses = accumulator(0).add(h[etherSize:]), h[len(h)-8:]
	} else {
		h = append(h, typeIP6>>8, typeIP6&0xff, 0x60, 0, 0, 0, 0, 0, protocolUDP, 64)
		h = append(append(h, from.AsSlice()...), to.AsSlice()...)
		addresses = h[len(h)-32:]
	}
	t.at = len(h)
	h = binary.BigEndian.AppendUint16(h, src.Port())
	h = binary.BigEndian.AppendUint16(h, dst.Port())
	t.udp = pseudo(addresses, 0).add(h[t.at:])
	t.size = t.at + udpSize
	return t, nil
}

// Size is how many bytes the headers have.
func (t *Template) Size() int { return t.size }

// Put writes the headers before a payload that stands in the frame already, from Size on. The payload has at most [MostPayload]
// bytes.
func (t *Template) Put(frame []byte) {
	payload := frame[t.size:]
	length := uint16(udpSize + len(payload))
	copy(frame, t.headers[:t.size])
	if t.at == etherSize+ip4Size {
		binary.BigEndian.PutUint16(frame[etherSize+2:], ip4Size+length)
		binary.BigEndian.PutUint16(frame[etherSize+10:], ^t.ip.add16(ip4Size+length).fold())
	} else {
		binary.BigEndian.PutUint16(frame[etherSize+4:], length)
	}
	binary.BigEndian.PutUint16(frame[t.at+4:], length)
	sum := ^t.udp.add16(length).add16(length).add(payload).fold()
	if sum == 0 {
		sum = 0xffff // 0 says that there is none (RFC 768)
	}
	binary.BigEndian.PutUint16(frame[t.at+6:], sum)
}

// Append appends a frame with the payload to b.
func (t *Template) Append(b, payload []byte) []byte {
	n := len(b)
	b = append(append(b, t.headers[:t.size]...), payload...)
	t.Put(b[n:])
	return b
}
