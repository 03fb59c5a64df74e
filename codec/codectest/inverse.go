package codectest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/leat-io/leat/stage"
)

func (c *Codec[T]) checkInverse(t testing.TB) {
	if c.Encoder == nil {
		t.Skip("there is no encoder")
	}
	var row []byte
	for i := range c.Samples {
		wire := c.encode(t, &c.Samples[i])
		c.wantMessages(t, wire, c.Samples[i:i+1])
		const before = "before"
		b, err := c.Encoder.Append([]byte(before), &c.Samples[i])
		if err != nil || string(b) != before+string(wire) {
			t.Errorf("Append of %s to %q gives %q, %v, want %q behind it", c.Print(&c.Samples[i]), before, b, err, wire)
		}
		row = append(row, wire...)
	}
	c.wantMessages(t, row, c.Samples)
}

// wantMessages says that wire decodes to want and to nothing else.
func (c *Codec[T]) wantMessages(t testing.TB, wire []byte, want []T) {
	t.Helper()
	if d := c.diverge(c.play([][]byte{wire}), outcome[T]{msgs: c.joined(want)}); d != "" {
		t.Errorf("%s: %s", quoted(wire), d)
	}
}

func (c *Codec[T]) checkVectors(t testing.TB) {
	for _, v := range c.Vectors {
		got := c.play([][]byte{v.Wire})
		if d := c.differ(got.msgs, c.joined(v.Want)); d != "" {
			t.Errorf("%s: %s", quoted(v.Wire), d)
		}
		if !errors.Is(got.err, v.Err) {
			t.Errorf("%s: ends with error %v, want %v", quoted(v.Wire), got.err, v.Err)
		}
		if v.Err != nil {
			c.checkRefusal(t, v.Err)
		}
	}
}

func (c *Codec[T]) checkRefusal(t testing.TB, refused error) {
	r, ok := c.Decoder.(stage.Refuser)
	if !ok {
		return
	}
	before := []byte("before")
	if b := r.AppendRefusal(before, refused); !bytes.HasPrefix(b, before) || len(b) == len(before) {
		t.Errorf("AppendRefusal of %q to %q gives %q, want something behind it", refused, before, b)
	}
}
