package codectest

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// endless calls f with inputs over the limit that begin like a message and go on with one byte for ever: with all of them
// when the limit is low, and with as many as make 16 MiB when it is not.
func (c *Codec[T]) endless(t testing.TB, f func([]byte)) {
	size := min(c.Limit, 4<<20) + 64
	starts := [][]byte{nil}
	for _, wire := range c.streams(t) {
		starts = append(starts, wire[:len(wire)/2], wire[:max(len(wire)-1, 0)])
	}
	const fills = "\x00\xff\x80a0 \r\n"
	order := rand.New(rand.NewPCG(4, 4)).Perm(len(starts) * len(fills))
	for _, i := range order[:min(len(order), 16<<20/size)] {
		start, fill := starts[i/len(fills)], fills[i%len(fills)]
		start = start[:min(len(start), size)]
		f(append(bytes.Clone(start), bytes.Repeat([]byte{fill}, size-len(start))...))
	}
}

// checkEndless relies on the Feed, which does not let a decoder ask for more than the limit.
func (c *Codec[T]) checkEndless(t testing.TB) {
	c.endless(t, func(b []byte) {
		for _, piece := range []int{len(b), 1 << 10} {
			f := NewFeed(c.Decoder, c.Limit)
			var err error
			for rest := b; err == nil && len(rest) > 0; {
				n := min(piece, len(rest))
				err = f.Push(rest[:n], nil)
				rest = rest[n:]
			}
			if broke(err) {
				t.Errorf("%s in pieces of %d bytes: %v", quoted(b), piece, err)
				return
			}
		}
	})
}
