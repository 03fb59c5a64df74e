package codectest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

const randomSplits = 32 // per input

func (c *Codec[T]) checkSplits(t testing.TB) {
	for _, wire := range c.streams(t) {
		if d := c.splits(wire); d != "" {
			t.Errorf("%s: %s", quoted(wire), d)
		}
	}
}

// splits says which split of wire gives something else than wire in one piece, or nothing.
func (c *Codec[T]) splits(wire []byte) string {
	want := c.play([][]byte{wire})
	if d := c.diverge(want, want); d != "" {
		return "in one piece: " + d
	}
	for _, i := range positions(len(wire)) {
		if d := c.diverge(c.play([][]byte{wire[:i], wire[i:]}), want); d != "" {
			return fmt.Sprintf("split after %d bytes: %s", i, d)
		}
	}
	if d := c.diverge(c.play(cut(wire, []byte{1})), want); d != "" {
		return "byte by byte: " + d
	}
	for seed := range uint64(randomSplits) {
		sizes := randomSizes(seed)
		if d := c.diverge(c.play(cut(wire, sizes)), want); d != "" {
			return fmt.Sprintf("in pieces of %v bytes in turn: %s", sizes, d)
		}
	}
	return ""
}

// positions is every place from 0 to n, or of many the first, the last and some between.
func positions(n int) []int {
	const ends, between = 512, 256
	var p []int
	if n <= 2*ends+between {
		for i := range n + 1 {
			p = append(p, i)
		}
		return p
	}
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range ends {
		p = append(p, i, n-i)
	}
	for range between {
		p = append(p, ends+r.IntN(n-2*ends))
	}
	slices.Sort(p)
	return p
}

// cut takes pieces of the given sizes from wire, again from the first size after the last. What no size moves stays whole, and of
// empty pieces behind one another there is one.
func cut(wire, sizes []byte) [][]byte {
	var chunks [][]byte
	for len(wire) > 0 {
		before := len(wire)
		for _, size := range sizes {
			n := min(int(size), len(wire))
			if n == 0 && len(chunks) > 0 && len(chunks[len(chunks)-1]) == 0 {
				continue
			}
			chunks, wire = append(chunks, wire[:n]), wire[n:]
		}
		if len(wire) == before {
			return append(chunks, wire)
		}
	}
	return chunks
}

// randomSizes mixes pieces of a few bytes, which cut headers, with longer ones, which hold several messages.
func randomSizes(seed uint64) []byte {
	r := rand.New(rand.NewPCG(2, seed))
	sizes := make([]byte, 1+r.IntN(12))
	for i := range sizes {
		sizes[i] = byte(r.IntN(1 << (1 + r.IntN(8))))
	}
	return sizes
}

func quoted(wire []byte) string {
	const most = 48
	if len(wire) <= most {
		return fmt.Sprintf("input %q", wire)
	}
	return fmt.Sprintf("input %q... of %d bytes", wire[:most], len(wire))
}
