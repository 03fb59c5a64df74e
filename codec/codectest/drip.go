package codectest

import (
	"slices"
	"testing"
	"time"
)

const (
	dripSize  = 1 << 20 // bytes of the message
	window    = 256     // bytes per measurement
	earlyFrom = 1 << 10 // the first bytes pay for growing buffers
	earlyTo   = 4 << 10
)

// checkDrip compares what a byte costs late in a long message with what it costs early. A linear decoder stays at a factor
// of about 1. One that starts over with each byte is at a factor of 100 at 1 MiB if it searches as fast as
// bytes.IndexByte, and at 200 if it does so byte by byte; with a limit of 64 KiB the former would not be found.
//
// A busy machine must not decide: a figure is a median of short windows, early is the least of several, late is the lesser
// of two octaves, and only what is seen three times counts.
func (c *Codec[T]) checkDrip(t testing.TB) {
	const tries, bound = 3, 8
	if c.Long == nil {
		t.Skip("the description has no Long")
	}
	size := dripSize
	if c.Limit > 0 {
		size = min(size, c.Limit)
	}
	if size < 4*earlyTo {
		t.Skipf("a limit of %d bytes is too low to tell", c.Limit)
	}
	wire := c.Long(size)
	if len(wire) < size/2 {
		t.Fatalf("Long returned %d bytes, want about %d", len(wire), size)
	}
	early := time.Duration(1 << 62)
	for range 5 {
		early = min(early, c.dripCost(t, wire[:earlyTo], 0))
	}
	early = max(early, 1) // 0 is a window below the resolution of the clock
	var late time.Duration
	for range tries {
		if late = c.dripCost(t, wire, bound*early); late <= bound*early {
			return
		}
	}
	t.Errorf("a byte costs %v late in a message and %v near its start", late/window, early/window)
}

// dripCost pushes wire byte by byte and returns the median cost of a window between earlyFrom and earlyTo, or, when wire is
// longer, in the cheaper one of the latest two octaves. It gives up as soon as that is over the bound.
func (c *Codec[T]) dripCost(t testing.TB, wire []byte, bound time.Duration) time.Duration {
	t.Helper()
	f := NewFeed(c.Decoder, c.Limit)
	messages := 0
	count := func([]byte, *T) { messages++ }
	var spent, octaves []time.Duration
	cost := func() time.Duration { return slices.Min(octaves[max(len(octaves)-2, 0):]) }
	for at := 0; at+window <= len(wire); {
		start := time.Now()
		for i := range window {
			if err := f.Push(wire[at+i:at+i+1], count); err != nil {
				t.Fatalf("Long returned what is refused after %d bytes: %v", at+i+1, err)
			}
		}
		spent, at = append(spent, time.Since(start)), at+window
		switch {
		case at == earlyFrom:
			spent = spent[:0]
		case at >= earlyTo && at&(at-1) == 0:
			octaves, spent = append(octaves, median(spent)), spent[:0]
			if len(octaves) > 2 && cost() > bound {
				return cost()
			}
		}
	}
	if messages > 1 && c.Join == nil {
		t.Fatalf("Long returned %d messages instead of a long one", messages)
	}
	if len(spent) >= 16 {
		octaves = append(octaves, median(spent))
	}
	return cost()
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
