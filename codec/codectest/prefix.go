package codectest

import (
	"bytes"
	"fmt"
	"testing"
)

// checkPrefixes shows the decoder the first bytes of each input, a fresh one each time. What it answers must not depend on
// what lies behind them, in the capacity of the slice.
func (c *Codec[T]) checkPrefixes(t testing.TB) {
	for _, wire := range c.streams(t) {
		promised := 0
		for _, p := range positions(len(wire)) {
			d := c.prefix(wire, p, &promised)
			if d != "" {
				t.Errorf("the first %d bytes of %s: %s", p, quoted(wire), d)
				break
			}
		}
	}
}

// prefix says what is wrong with the answer to wire[:p], or nothing. Promised is the most bytes that the decoder has said
// of a shorter prefix to be the least that it needs.
func (c *Codec[T]) prefix(wire []byte, p int, promised *int) string {
	mem := bytes.Clone(wire)
	seeing, alone := NewFeed(c.Decoder, c.Limit), NewFeed(c.Decoder, c.Limit)
	n, err := seeing.decode(mem[:p])
	if err == nil && (p > 0 || n > 0) { // to want more of nothing is always right
		err = seeing.check(n, mem[:p])
	}
	m, err2 := alone.decode(bytes.Clone(wire[:p:p]))
	taken := max(n, 0)
	switch {
	case broke(err):
		return err.Error()
	case n != m || fmt.Sprint(err) != fmt.Sprint(err2):
		return fmt.Sprintf("Decode gives %d, %v, but %d, %v when nothing lies behind them", n, err, m, err2)
	case err != nil:
		taken = 0
	case n > 0 && p < *promised:
		return fmt.Sprintf("Decode finds a message, although it asked for %d bytes before", *promised)
	case n > 0 && !c.Equal(&seeing.v, &alone.v):
		return fmt.Sprintf("Decode gives %s, but %s when nothing lies behind them", c.Print(&seeing.v), c.Print(&alone.v))
	case n <= 0:
		*promised = max(*promised, wants(n, wire[:p]))
	}
	if !bytes.Equal(mem[taken:], wire[taken:]) {
		return fmt.Sprintf("Decode took %d bytes and changed others", taken)
	}
	return ""
}
