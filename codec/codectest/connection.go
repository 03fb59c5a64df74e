package codectest

import "testing"

// checkConnections lets two connections take turns.
func (c *Codec[T]) checkConnections(t testing.TB) {
	all := c.streams(t)
	for i, wire := range all {
		other := all[(i+1)%len(all)]
		want, wantOther := c.play([][]byte{wire}), c.play([][]byte{other})
		got, gotOther := c.playTwo(cut(wire, []byte{1}), cut(other, []byte{2, 3}))
		for _, d := range []string{c.diverge(got, want), c.diverge(gotOther, wantOther)} {
			if d != "" {
				t.Errorf("%s byte by byte while another connection has %s: %s", quoted(wire), quoted(other), d)
				break
			}
		}
	}
}

func (c *Codec[T]) playTwo(chunks ...[][]byte) (a, b outcome[T]) {
	outs := []*outcome[T]{&a, &b}
	feeds := []*Feed[T]{NewFeed(c.Decoder, c.Limit), NewFeed(c.Decoder, c.Limit)}
	for i := 0; i < max(len(chunks[0]), len(chunks[1])); i++ {
		for k, o := range outs {
			if i < len(chunks[k]) && o.err == nil {
				o.err = feeds[k].Push(chunks[k][i], func(_ []byte, v *T) { o.msgs = c.join(o.msgs, c.Clone(v)) })
			}
		}
	}
	for k, o := range outs {
		if o.err == nil {
			o.err, o.left = feeds[k].End(), feeds[k].Left()
		}
	}
	return a, b
}
