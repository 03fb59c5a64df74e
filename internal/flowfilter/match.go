package flowfilter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// MostAddresses is how many addresses a match may have. Jumps of the socket's filter reach 255 instructions, which 16 of each
// family stay within.
const MostAddresses = 16

// ErrNoAddress is the error for a match that would pick nothing.
var ErrNoAddress = errors.New("there is no address to pick")

// A Match says which frames are picked.
type Match struct {
	Addrs []netip.Addr // destinations
	Port  uint16
}

// check says what is wrong with the match.
func (m Match) check() error {
	var n4, n6 int
	for _, a := range m.Addrs {
		switch {
		case !a.IsValid() || a.Zone() != "" || a.IsUnspecified():
			return fmt.Errorf("%v cannot be picked by its bytes: %w", a, ErrNoAddress)
		case a.Unmap().Is4():
			n4++
		default:
			n6++
		}
	}
	switch {
	case n4+n6 == 0:
		return ErrNoAddress
	case m.Port == 0:
		return fmt.Errorf("port 0: %w", ErrNoAddress)
	case n4 > MostAddresses || n6 > MostAddresses:
		return fmt.Errorf("%d addresses are more than the %d that a filter has room for", max(n4, n6), MostAddresses)
	}
	return nil
}

// A step tests one field of the frame, in network order, and goes on where it says: at the step of that name, at one of the
// two ends, or at the next step when that is empty.
type step struct {
	name     string
	at, size int    // of the field; size 0 is the length of the frame, which must be at least the value
	mask     uint32 // 0 is all of it
	value    uint32
	yes, no  string
}

// The ends of a program.
const (
	take  = "take"
	leave = "leave"
)

// Where fields are, in an Ethernet frame without tags and an IPv4 header without options.
const (
	atType = 12

	at4First    = 14 // version and size of the header
	at4Fragment = 20
	at4Protocol = 23
	at4Dst      = 30
	at4Port     = 36
	size4       = 42 // up to the end of the header of UDP

	at6Next         = 20
	at6Dst          = 38
	at6Port         = 56
	size6           = 62
	at6FragmentNext = 54
	at6Fragment     = 56
	at6FragmentPort = 64
	size6Fragment   = 66

	protocolUDP      = 17
	protocolFragment = 44
)

// program is the match as steps. Every frame that is shorter than what is read of it is left before that.
func (m Match) program() (p []step) {
	var v4, v6 []netip.Addr
	for _, a := range m.Addrs {
		if a = a.Unmap(); a.Is4() {
			v4 = append(v4, a)
		} else {
			v6 = append(v6, a)
		}
	}
	port := uint32(m.Port)
	p = []step{
		{value: size4, no: leave},
		{at: atType, size: 2, value: 0x0800, yes: "IPv4"},
		{at: atType, size: 2, value: 0x86dd, yes: "IPv6", no: leave},

		{name: "IPv4", at: at4First, size: 1, value: 0x45, no: leave},
		{at: at4Protocol, size: 1, value: protocolUDP, no: leave},
		{at: at4Fragment, size: 2, mask: 0x1fff, value: 0, no: leave},
		{at: at4Port, size: 2, value: port, no: leave},
	}
	for _, a := range v4 {
		p = append(p, step{at: at4Dst, size: 4, value: binary.BigEndian.Uint32(a.AsSlice()), yes: take})
	}
	p = append(p, never,
		step{name: "IPv6", value: size6, no: leave},
		step{at: at6Next, size: 1, value: protocolUDP, yes: "UDP"},
		step{at: at6Next, size: 1, value: protocolFragment, no: leave},
		step{value: size6Fragment, no: leave},
		step{at: at6FragmentNext, size: 1, value: protocolUDP, no: leave},
		step{at: at6Fragment, size: 2, mask: 0xfff8, value: 0, no: leave},
		step{at: at6FragmentPort, size: 2, value: port, yes: "to", no: leave},
		step{name: "UDP", at: at6Port, size: 2, value: port, no: leave},
		step{name: "to", value: size6, no: leave})
	for i, a := range v6 {
		b, next := a.AsSlice(), fmt.Sprint("address ", i+1)
		for j := 0; j < 16; j += 4 {
			s := step{at: at6Dst + j, size: 4, value: binary.BigEndian.Uint32(b[j:]), no: next}
			switch j {
			case 0:
				s.name = fmt.Sprint("address ", i)
			case 12:
				s.yes = take
			}
			p = append(p, s)
		}
	}
	end := never
	end.name = fmt.Sprint("address ", len(v6))
	return append(p, end)
}

// never is a step that leaves: no frame is that long.
var never = step{value: 1 << 30, yes: leave, no: leave}

// to is the step before others that leaves frames which are not addressed to mac or to a group.
func to(mac [6]byte) []step {
	return []step{
		{value: size4, no: leave},
		{at: 0, size: 1, mask: 1, value: 1, yes: "addressed"},
		{at: 0, size: 4, value: binary.BigEndian.Uint32(mac[:]), no: leave},
		{at: 4, size: 2, value: uint32(binary.BigEndian.Uint16(mac[4:])), no: leave},
		{name: "addressed", value: size4, no: leave},
	}
}
