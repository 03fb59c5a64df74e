package packet

import (
	"encoding/binary"
	"net/netip"
)

// Sizes of headers in bytes.
const (
	etherSize = 14
	tagSize   = 4
	ip4Size   = 20
	ip6Size   = 40
	udpSize   = 8
)

// Types of what an Ethernet frame carries, and protocols of what IP carries, as IANA lists them.
const (
	typeIP4     = 0x0800
	typeIP6     = 0x86dd
	typeVLAN    = 0x8100 // IEEE 802.1Q
	typeService = 0x88a8 // IEEE 802.1ad, the outer one of two tags

	protocolHopByHop    = 0
	protocolUDP         = 17
	protocolRouting     = 43
	protocolFragment    = 44
	protocolESP         = 50
	protocolAH          = 51
	protocolDestination = 60
	protocolMobility    = 135
	protocolHIP         = 139
	protocolShim6       = 140
)

// mostTags is how many tags of virtual networks a frame may have: those of a provider and of its customer.
const mostTags = 2

// Accept says what is accepted beyond the plain.
type Accept uint8

const (
	// AnySum does not look at the checksum of UDP, because somebody else answers for it.
	AnySum Accept = 1 << iota
	// AnySource takes datagrams from addresses that cannot be answered. Captures of a loopback interface have them.
	AnySource
)

// A Datagram is what is in a frame. Its payload lies in the frame.
type Datagram struct {
	Payload  []byte
	Src, Dst netip.AddrPort
	TTL      uint8 // or hop limit
	TOS      uint8 // or traffic class, the low two bits of which are ECN (RFC 3168)
	NoSum    bool  // the sender has computed no checksum, which IPv4 allows
}

// Parse reads an Ethernet frame, without its check sequence, into d. With any reason but [OK] and [Truncated] d is undefined.
func Parse(d *Datagram, frame []byte, accept Accept) Reason {
	if len(frame) < etherSize {
		return Short
	}
	kind, b := binary.BigEndian.Uint16(frame[12:]), frame[etherSize:]
	for range mostTags {
		if kind != typeVLAN && kind != typeService {
			break
		}
		if len(b) < tagSize {
			return Short
		}
		kind, b = binary.BigEndian.Uint16(b[2:]), b[tagSize:]
	}
	switch kind {
	case typeIP4:
		return parse4(d, b, accept)
	case typeIP6:
		return parse6(d, b, accept)
	}
	return Foreign
}

// ParseIP reads a packet that begins with the header of IP, as Parse does.
func ParseIP(d *Datagram, b []byte, accept Accept) Reason {
	if len(b) == 0 {
		return Short
	}
	switch b[0] >> 4 {
	case 4:
		return parse4(d, b, accept)
	case 6:
		return parse6(d, b, accept)
	}
	return Foreign
}
