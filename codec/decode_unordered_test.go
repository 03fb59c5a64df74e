package codec_test

import (
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

type unordered struct{ stage.Decoder[line.Line] }

func (unordered) Unordered() {}

// Messages of such a decoder have no tickets: none are owed, and as many are decoded as come.
func TestMessagesOfAnUnorderedDecoderHaveNoTickets(t *testing.T) {
	b := decoding[line.Line](unordered{line.Text(100)})
	c := stagetest.NewConn(limits(2))
	s := b.New()
	stagetest.Read(b.Lane.Lane, s, &c.Conn, strings.Repeat("hello\n", 50)+"hal")
	out, err := b.Push(s)
	if err != nil || len(out) != 50 {
		t.Fatalf("%d messages, %v", len(out), err)
	}
	for _, m := range out {
		if m.Open() || m.Conn() != &c.Conn || m.Slab() == nil || string(m.Text) != "hello" {
			t.Fatalf("%q, open: %v", m.Text, m.Open())
		}
	}
	if n, _ := c.Owed(); n != 0 {
		t.Errorf("%d answers are owed", n)
	}
	b.End()
	s = b.New()
	stagetest.Read(b.Lane.Lane, s, &c.Conn, "f\n")
	if out, err = b.Push(s); err != nil || len(out) != 1 || string(out[0].Text) != "half" {
		t.Fatalf("%d messages, %v", len(out), err)
	}
	b.End()
	c.Finish(nil)
	if _, closed := c.Closed(); !closed {
		t.Error("it waits for answers")
	}
}
