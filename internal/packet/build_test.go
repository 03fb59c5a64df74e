package packet

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"
)

func TestTheSumIsThatOfRFC1071(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32()) | byte(n%3*0x7f) // also such as carry often
		}
		if got, want := accumulator(0).add(b).fold(), slowSum(b); got != want {
			t.Fatalf("%d bytes: %#04x, want %#04x", n, got, want)
		}
		k := n / 2 &^ 1
		if got, want := accumulator(0).add(b[:k]).add16(0xfedc).add(b[k:]).fold(), slowSum(b[:k], []byte{0xfe, 0xdc}, b[k:]); got != want {
			t.Fatalf("%d bytes in parts: %#04x, want %#04x", n, got, want)
		}
	}
	ones := make([]byte, 64)
	for i := range ones {
		ones[i] = 0xff
	}
	if got := accumulator(0).add(ones).add(ones).fold(); got != 0xffff {
		t.Errorf("all ones give %#04x", got)
	}
}

func TestAFrameOfTwoFamiliesIsRefused(t *testing.T) {
	for _, ends := range [][2]netip.AddrPort{{from4, to6}, {from6, to4}, {{}, to4}, {from4, {}}} {
		if _, err := NewTemplate(macA, macB, ends[0], ends[1]); !errors.Is(err, ErrFamilies) {
			t.Errorf("%v: %v", ends, err)
		}
	}
	mapped := netip.AddrPortFrom(netip.AddrFrom16(from4.Addr().As16()), from4.Port())
	if _, err := NewTemplate(macA, macB, mapped, to4); err != nil {
		t.Errorf("IPv4 written as IPv6: %v", err)
	}
}

func TestTheLargestDatagramIsBuilt(t *testing.T) {
	var d Datagram
	for _, ends := range [][2]netip.AddrPort{{from4, to4}, {from6, to6}} {
		f := frame(t, ends[0], ends[1], string(make([]byte, MostPayload)))
		if r := Parse(&d, f, 0); r != OK || len(d.Payload) != MostPayload {
			t.Errorf("%v: %v, %d bytes", ends[0], r, len(d.Payload))
		}
	}
}
