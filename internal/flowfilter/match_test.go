package flowfilter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"

	"github.com/leat-io/leat/internal/packet"
)

var (
	own   = [6]byte{} // of the interface lo, on which the kernel tries programs
	peer  = [6]byte{2, 0, 0, 0, 0, 1}
	other = [6]byte{2, 0, 0, 0, 0, 2}
	group = [6]byte{1, 0, 0x5e, 0, 0, 1}

	here4, here6 = netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")
	also4, also6 = netip.MustParseAddr("198.51.100.255"), netip.MustParseAddr("fe80::ff:fe00:7")
	match        = Match{Addrs: []netip.Addr{here4, here6, also4, also6}, Port: 0x9000}
)

// picks is what a match means, written without its steps.
func picks(m Match, f []byte) bool {
	if len(f) < 42 {
		return false
	}
	to := func(b []byte) bool {
		for _, a := range m.Addrs {
			if bytes.Equal(a.Unmap().AsSlice(), b) {
				return true
			}
		}
		return false
	}
	switch ip := f[14:]; binary.BigEndian.Uint16(f[12:]) {
	case 0x0800:
		return ip[0] == 0x45 && ip[9] == 17 && binary.BigEndian.Uint16(ip[6:])&0x1fff == 0 && binary.BigEndian.Uint16(ip[22:]) == m.Port && to(ip[16:20])
	case 0x86dd:
		udp := 40
		if len(ip) >= 52 && ip[6] == 44 && ip[40] == 17 && binary.BigEndian.Uint16(ip[42:])>>3 == 0 {
			udp = 48
		} else if ip[6] != 17 || len(ip) < 48 {
			return false
		}
		return binary.BigEndian.Uint16(ip[udp+2:]) == m.Port && to(ip[24:40])
	}
	return false
}

// frame is one from a peer, 8 bytes in it.
func frame(t testing.TB, mac [6]byte, to netip.Addr, port uint16) []byte {
	t.Helper()
	from := netip.MustParseAddr("203.0.113.1")
	if to.Is6() {
		from = netip.MustParseAddr("2001:db8::1")
	}
	tm, err := packet.NewTemplate(peer, mac, netip.AddrPortFrom(from, 4000), netip.AddrPortFrom(to, port))
	if err != nil {
		t.Fatal(err)
	}
	return tm.Append(nil, []byte("8 bytes."))
}

func changed(f []byte, at int, v ...byte) []byte {
	f = bytes.Clone(f)
	copy(f[at:], v)
	return f
}

// fragment makes a packet of IPv6 a fragment at an offset, in units of 8 bytes.
func fragment(f []byte, offset uint16, next byte) []byte {
	h := binary.BigEndian.AppendUint16([]byte{next, 0}, offset<<3|1)
	h = append(h, 0, 0, 0, 1)
	out := append(bytes.Clone(f[:54]), h...)
	out[20] = 44
	return append(out, f[54:]...)
}

type sample struct {
	name  string
	frame []byte
	want  bool
}

func samples(t testing.TB) []sample {
	f4, f6 := frame(t, own, here4, 0x9000), frame(t, own, here6, 0x9000)
	return []sample{
		{"IPv4", f4, true},
		{"IPv4 to the other address", frame(t, own, also4, 0x9000), true},
		{"IPv4 to a third address", frame(t, own, netip.MustParseAddr("192.0.2.8"), 0x9000), false},
		{"IPv4 to another port", frame(t, own, here4, 0x9001), false},
		{"IPv4 over TCP", changed(f4, 23, 6), false},
		{"IPv4 with options", changed(f4, 14, 0x46), false},
		{"the first fragment of IPv4", changed(f4, 20, 0x20, 0), true},
		{"another fragment of IPv4", changed(f4, 20, 0x20, 1), false},
		{"IPv4 without the end of UDP's header", f4[:41], false},
		{"IPv6", f6, true},
		{"IPv6 to the other address", frame(t, own, also6, 0x9000), true},
		{"IPv6 to a third address", frame(t, own, netip.MustParseAddr("2001:db8::8"), 0x9000), false},
		{"IPv6 to another port", frame(t, own, here6, 0x9001), false},
		{"IPv6 over TCP", changed(f6, 20, 6), false},
		{"IPv6 with hop-by-hop options", changed(f6, 20, 0), false},
		{"IPv6 without the end of UDP's header", f6[:61], false},
		{"the first fragment of IPv6", fragment(f6, 0, 17), true},
		{"another fragment of IPv6", fragment(f6, 1, 17), false},
		{"a fragment of IPv6 over TCP", fragment(f6, 0, 6), false},
		{"a fragment of IPv6 to another port", fragment(frame(t, own, here6, 0x9001), 0, 17), false},
		{"a fragment of IPv6 to a third address", fragment(frame(t, own, netip.MustParseAddr("2001:db8::8"), 0x9000), 0, 17), false},
		{"ARP", changed(f4, 12, 0x08, 0x06), false},
	}
}

// run is what the steps do, one by one.
func run(t testing.TB, p []step, f []byte) bool {
	places := map[string]int{}
	for i, s := range p {
		if s.name != "" {
			places[s.name] = i
		}
	}
	for i := 0; i < len(p); {
		s := p[i]
		var yes bool
		if s.size == 0 {
			yes = len(f) >= int(s.value)
		} else {
			var v uint32
			for _, b := range f[s.at:][:s.size] {
				v = v<<8 | uint32(b)
			}
			if s.mask != 0 {
				v &= s.mask
			}
			yes = v == s.value
		}
		next := s.no
		if yes {
			next = s.yes
		}
		switch next {
		case "":
			i++
		case take, leave:
			return next == take
		default:
			to, ok := places[next]
			if !ok || to <= i {
				t.Fatalf("step %d leads to %q", i, next)
			}
			i = to
		}
	}
	t.Fatal("the program has no end")
	return false
}

func TestTheStepsPickWhatTheMatchMeans(t *testing.T) {
	p := match.program()
	for _, s := range samples(t) {
		if got := run(t, p, s.frame); got != s.want || picks(match, s.frame) != s.want {
			t.Errorf("%s: the steps say %v, their meaning %v, want %v", s.name, got, picks(match, s.frame), s.want)
		}
	}
}

func TestFramesToOthersAreLeft(t *testing.T) {
	p := append(to(own), match.program()...)
	for mac, want := range map[[6]byte]bool{own: true, other: false, group: true, {0, 0, 0, 0, 1, 0}: false} {
		if got := run(t, p, frame(t, mac, here4, 0x9000)); got != want {
			t.Errorf("to %x: %v, want %v", mac, got, want)
		}
	}
	if run(t, p, nil) {
		t.Error("nothing is picked")
	}
}

// FuzzSteps compares the steps with their meaning, and looks for reads behind the end.
func FuzzSteps(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.frame)
	}
	p := match.program()
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, want := run(t, p, b), picks(match, b); got != want {
			t.Errorf("%x: %v, want %v", b, got, want)
		}
	})
}

func TestAMatchThatPicksNothingIsRefused(t *testing.T) {
	for name, m := range map[string]Match{
		"no address":          {Port: 1},
		"no port":             {Addrs: []netip.Addr{here4}},
		"an invalid address":  {Addrs: []netip.Addr{{}}, Port: 1},
		"an address and zone": {Addrs: []netip.Addr{also6.WithZone("eth0")}, Port: 1},
		"any address":         {Addrs: []netip.Addr{netip.IPv6Unspecified()}, Port: 1},
	} {
		if err := m.check(); !errors.Is(err, ErrNoAddress) {
			t.Errorf("%s: %v", name, err)
		}
	}
	many := Match{Addrs: make([]netip.Addr, MostAddresses+1), Port: 1}
	for i := range many.Addrs {
		many.Addrs[i] = here4
	}
	if err := many.check(); err == nil || errors.Is(err, ErrNoAddress) {
		t.Errorf("%d addresses: %v", len(many.Addrs), err)
	}
}
