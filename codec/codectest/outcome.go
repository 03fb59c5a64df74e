package codectest

import "fmt"

// An outcome is what a decoder made of one connection.
type outcome[T any] struct {
	msgs []T // clones, joined
	left int // bytes behind the last message
	err  error
}

// Messages returns clones of the messages in chunks, which arrive in this order on one connection, and the error that ended
// it, if any. Pieces are joined.
func (c Codec[T]) Messages(chunks ...[]byte) ([]T, error) {
	o := c.withDefaults().play(chunks)
	return o.msgs, o.err
}

func (c *Codec[T]) play(chunks [][]byte) outcome[T] {
	var o outcome[T]
	f := NewFeed(c.Decoder, c.Limit)
	for _, chunk := range chunks {
		if o.err = f.Push(chunk, func(_ []byte, v *T) { o.msgs = c.join(o.msgs, c.Clone(v)) }); o.err != nil {
			return o
		}
	}
	o.err, o.left = f.End(), f.Left()
	return o
}

func (c *Codec[T]) join(msgs []T, m T) []T {
	if n := len(msgs); n > 0 && c.Join != nil && c.Join(&msgs[n-1], &m) {
		return msgs
	}
	return append(msgs, m)
}

func (c *Codec[T]) joined(msgs []T) []T {
	var all []T
	for i := range msgs {
		all = c.join(all, c.Clone(&msgs[i]))
	}
	return all
}

// differ says how two lists of messages differ, or nothing.
func (c *Codec[T]) differ(got, want []T) string {
	for i := range min(len(got), len(want)) {
		if !c.Equal(&got[i], &want[i]) {
			return fmt.Sprintf("message %d is %s, want %s", i, c.Print(&got[i]), c.Print(&want[i]))
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d messages, want %d", len(got), len(want))
	}
	return ""
}

// diverge says how an outcome differs from that of the same bytes in one piece, or nothing. A breach of the contract is
// wrong even if both have it.
func (c *Codec[T]) diverge(got, want outcome[T]) string {
	switch d := c.differ(got.msgs, want.msgs); {
	case broke(got.err):
		return got.err.Error()
	case d != "":
		return d
	case fmt.Sprint(got.err) != fmt.Sprint(want.err):
		return fmt.Sprintf("ends with error %v, want %v", got.err, want.err)
	case got.left != want.left:
		return fmt.Sprintf("leaves %d bytes, want %d", got.left, want.left)
	}
	return ""
}
