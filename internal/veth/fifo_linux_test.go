package veth

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// TestAFifoKeepsWhatItTook has packets of random sizes come and go, and compares with a plain list of them.
func TestAFifoKeepsWhatItTook(t *testing.T) {
	const most, deepest = 100, 40
	r := rand.New(rand.NewPCG(1, 2))
	f := newFifo(1000, deepest)
	var want [][]byte
	bytesKept, full := 0, 0
	for i := range 100_000 {
		b := f.room(most)
		switch {
		case b != nil && r.IntN(1000) >= bytesKept/2: // it is filled and emptied in turn
			n := 1 + r.IntN(most)
			for k := range n {
				b[k] = byte(i + k)
			}
			f.push(n, time.Unix(int64(i), 0))
			want, bytesKept = append(want, bytes.Clone(b[:n])), bytesKept+n
			continue
		case b == nil:
			full++
			if len(want) < deepest && bytesKept+3*most <= len(f.ring) { // what is left over lies at the ends
				t.Fatalf("%d bytes are kept of %d, and there is no room", bytesKept, len(f.ring))
			}
		}
		for range 1 + r.IntN(5) {
			if len(want) == 0 {
				break
			}
			if got, _ := f.next(); !bytes.Equal(got, want[0]) {
				t.Fatalf("packet of %d bytes, not the one of %d that came first", len(got), len(want[0]))
			}
			f.pop()
			bytesKept, want = bytesKept-len(want[0]), want[1:]
		}
		if f.count != len(want) {
			t.Fatalf("%d packets, not %d", f.count, len(want))
		}
	}
	if full == 0 {
		t.Error("it was never full")
	}
}

func TestAFifoHasNoMorePacketsThanItMay(t *testing.T) {
	f := newFifo(1000, 3)
	for i := range 3 {
		if f.room(10) == nil {
			t.Fatalf("no room for packet %d", i)
		}
		f.push(1, time.Time{})
	}
	if f.room(10) != nil {
		t.Error("room for a fourth packet")
	}
	f.pop()
	if f.room(10) == nil {
		t.Error("no room when one has gone")
	}
}
