package mux_test

import (
	"errors"
	"testing"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/stage/stagetest"
)

// follow gives b a payload in pieces of at most n bytes, the last with FIN.
func follow(b *mux.Boundaries, wire []byte, n int) error {
	for {
		p := wire[:min(n, len(wire))]
		wire = wire[len(p):]
		f := mux.Flags(0)
		if len(wire) == 0 {
			f = mux.Fin
		}
		if err := b.Follow(p, f); err != nil || len(wire) == 0 {
			return err
		}
	}
}

func TestPackedPayloadsBeginAndEndWhereMessagesDo(t *testing.T) {
	for _, c := range []struct {
		payloads []string
		packed   int // which of them
		ok       bool
	}{
		{[]string{"\x02hi\x03you"}, 0, true},
		{[]string{""}, 0, true},
		{[]string{"\x02h", "i", "\x00"}, 2, true},
		{[]string{"\x02h"}, 0, false},
		{[]string{"\x80"}, 0, false},
		{[]string{"\x02h", "i"}, 1, false},
		{[]string{"\x02h", ""}, 1, false},
		{[]string{"\x80", "\x01"}, 1, false},
	} {
		b := mux.Boundaries{Max: 1000}
		var err error
		for i, p := range c.payloads {
			f := mux.Flags(0)
			if i == c.packed {
				f = mux.Packed
			}
			if err = b.Follow([]byte(p), f); err != nil {
				break
			}
		}
		if c.ok && err != nil || !c.ok && !errors.Is(err, &mux.Error{Code: mux.Malformed}) {
			t.Errorf("%q, of which %d is packed: %v", c.payloads, c.packed, err)
		}
	}
}

func TestFollowingAllocatesNothing(t *testing.T) {
	b, p := mux.Boundaries{Max: 1000}, []byte("\x02hi\x03you")
	stagetest.Allocs(t, 0, func() {
		if err := b.Follow(p, mux.Packed); err != nil {
			t.Fatal(err)
		}
	})
}

// Who follows the boundaries says what who takes the messages says.
func FuzzBoundaries(f *testing.F) {
	f.Add([]byte("\x02hi\x00\x03you"), uint8(2))
	f.Add([]byte("\x80\x01"), uint8(1))
	f.Add([]byte("\xff\xff\xff\xff\x0f"), uint8(3))
	f.Add([]byte("\xad\x02"), uint8(0))
	f.Fuzz(func(t *testing.T, wire []byte, n uint8) {
		_, want := play(&mux.Reassembler{Max: 300}, wire, int(n)+1)
		got := follow(&mux.Boundaries{Max: 300}, wire, int(n)+1)
		if (got == nil) != (want == nil) || got != nil && !errors.Is(got, want) {
			t.Fatalf("%v, and the reassembler says %v", got, want)
		}
	})
}
