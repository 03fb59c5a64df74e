package codectest

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// mutants returns damaged forms of wire: the bytes that a length could be made of, in places where one could stand.
func mutants(wire []byte, r *rand.Rand) [][]byte {
	var all [][]byte
	for range 24 {
		m := bytes.Clone(wire)
		for range 1 + r.IntN(3) {
			at, n := 0, 1+r.IntN(10)
			if len(m) > 0 {
				at = r.IntN(min(len(m), 1+r.IntN(64)))
			}
			with := bytes.Repeat([]byte{"\x00\x01\x7f\x80\xff09-\r\n"[r.IntN(10)]}, n)
			switch r.IntN(3) {
			case 0:
				copy(m[at:], with)
			case 1:
				m = append(m[:at:at], append(with, m[at:]...)...)
			case 2:
				m = append(m[:at:at], m[min(len(m), at+n):]...)
			}
		}
		all = append(all, m)
	}
	return all
}

// hostile returns bytes that nobody should send.
func (c *Codec[T]) hostile(t testing.TB) [][]byte {
	r := rand.New(rand.NewPCG(3, 3))
	all := [][]byte{nil}
	for _, wire := range c.streams(t) {
		all = append(all, mutants(wire[:min(len(wire), 4<<10)], r)...)
	}
	for range 256 {
		b := make([]byte, r.IntN(48))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		all = append(all, b)
	}
	return all
}

func (c *Codec[T]) checkHostile(t testing.TB) {
	for i, b := range c.hostile(t) {
		want := c.play([][]byte{b})
		for _, sizes := range [][]byte{nil, {1}, randomSizes(uint64(i))} {
			if d := c.diverge(c.play(cut(b, sizes)), want); d != "" {
				t.Errorf("%s in pieces of %v bytes in turn: %s", quoted(b), sizes, d)
				return
			}
		}
	}
}
