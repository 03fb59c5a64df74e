package preface

import (
	"fmt"
	"net/netip"
	"strings"
)

// Trusted is which peers may say, by a PROXY header, whom a connection is from. The zero Trusted is nobody.
//
// A trusted peer has to send a header with every connection. What comes first from anybody else is never read as one: it is the
// beginning of what the connection is for, and the addresses are those of its socket.
type Trusted struct {
	prefixes []netip.Prefix
	unix     bool
}

// ParseTrusted reads a list such as "127.0.0.1, 10.0.0.0/8, fd00::/8, unix". The word unix stands for the peers of unix sockets,
// which have no address.
func ParseTrusted(list string) (Trusted, error) {
	var t Trusted
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		if word == "unix" {
			t.unix = true
			continue
		}
		p, err := parsePrefix(word)
		if err != nil {
			return Trusted{}, err
		}
		t.prefixes = append(t.prefixes, p)
	}
	return t, nil
}

func parsePrefix(word string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(word)
	if err != nil {
		a, err := netip.ParseAddr(word)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%q is no address and no network, such as 127.0.0.1, 10.0.0.0/8 or fd00::/8", word)
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if a := p.Addr(); a.Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, fmt.Errorf("the network %q holds more than all of IPv4: write 0.0.0.0/0 for that", word)
		}
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	if m := p.Masked(); m != p {
		return netip.Prefix{}, fmt.Errorf("%q is an address within a network: write %v for the network or %v for the address", word, m, p.Addr())
	}
	return p, nil
}

// Contains says whether a peer is trusted. The zero Addr is that of a unix socket.
func (t Trusted) Contains(peer netip.Addr) bool {
	if !peer.IsValid() {
		return t.unix
	}
	peer = peer.Unmap().WithZone("")
	for _, p := range t.prefixes {
		if p.Contains(peer) {
			return true
		}
	}
	return false
}

// None says that nobody is trusted.
func (t Trusted) None() bool { return !t.unix && len(t.prefixes) == 0 }
