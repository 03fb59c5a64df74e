package codectest

import (
	"bytes"
	"math"
	"runtime"
	"testing"
)

// checkMemory measures the first call alone, on whole inputs and on their first bytes, where lengths stand.
func (c *Codec[T]) checkMemory(t testing.TB) {
	const slack = 64 << 10 // an error, an instance per connection, the test process itself
	found := false
	try := func(b []byte) {
		b = bytes.Clone(b) // a decoder may change what it takes
		for _, b := range [][]byte{b, b[:min(len(b), 16)]} {
			if found {
				return
			}
			bound, least := uint64(c.Limit)+slack, uint64(math.MaxUint64)
			for i := 0; i < 3 && least > bound; i++ {
				least = min(least, allocated(func() { _, _ = NewFeed(c.Decoder, c.Limit).decode(b) }))
			}
			if found = least > bound; found {
				t.Errorf("%s: Decode allocates %d bytes, and the limit is %d", quoted(b), least, c.Limit)
			}
		}
	}
	for _, b := range append(c.streams(t), c.hostile(t)...) {
		try(b)
	}
	c.endless(t, try)
}

// allocated returns how many bytes f allocates. Whatever else runs can only add to it.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// checkAllocations decodes every valid input twice over: first all but its last byte, then the rest.
func (c *Codec[T]) checkAllocations(t testing.TB) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	measured := false
	for _, wire := range c.streams(t) {
		if o := c.play([][]byte{wire}); o.err != nil || len(o.msgs) == 0 || o.left > 0 {
			continue
		}
		measured, wire = true, bytes.Clone(wire)
		f := NewFeed(c.Decoder, c.Limit)
		if n := testing.AllocsPerRun(100, func() {
			b := wire[:len(wire)-1]
			b = b[f.drain(b):]
			f.drain(wire[len(wire)-1-len(b):])
		}); n != 0 {
			t.Errorf("%s: %v allocations", quoted(wire), n)
		}
	}
	if !measured {
		t.Skip("no input consists of whole messages")
	}
}

// drain decodes b without keeping any of it and returns how much was taken.
func (f *Feed[T]) drain(b []byte) (taken int) {
	for taken < len(b) {
		n, err := f.decode(b[taken:])
		if n <= 0 || err != nil {
			break
		}
		taken += n
	}
	return taken
}
