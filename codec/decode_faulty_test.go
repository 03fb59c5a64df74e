package codec_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/leat-io/leat/codec/frame"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// A faulty decoder reads frames until one says that something is to go wrong.
type faulty struct{ stage.Decoder[frame.Frame] }

func (f faulty) Decode(b []byte, v *frame.Frame) (int, error) {
	n, err := f.Decoder.Decode(b, v)
	if n <= 0 || err != nil {
		return n, err
	}
	switch string(v.Payload) {
	case "too many":
		return len(b) + 1, nil
	case "far too many":
		return math.MaxInt, nil
	case "gigabytes":
		return -2 << 30, nil
	case "everything":
		return math.MinInt, nil
	case "panic":
		panic("a test")
	case "error":
		return n, fmt.Errorf("a test")
	}
	return n, nil
}

func TestADecoderThatGoesWrongOverOneConnectionCostsThatConnection(t *testing.T) {
	for what, label := range map[string]string{
		"too many": "malformed", "far too many": "malformed", "gigabytes": "malformed", "everything": "malformed",
		"panic": "panic", "error": "malformed",
	} {
		t.Run(what, func(t *testing.T) {
			b := decoding[frame.Frame](faulty{frame.Length32(1 << 20)})
			before := stagetest.NewConn(limits(100))
			bad, after := before.Sibling(), before.Sibling()
			b.answer(b.batch(t,
				read{before, framed("one", "two")},
				read{bad, framed("three", what, "four")},
				read{after, framed("five")},
			), payload)
			reason, closed := bad.Closed()
			check(t, "the connection is closed", closed, true)
			check(t, "reason", stage.LabelOf(reason), label)
			b.answer(b.batch(t, read{bad, framed("six")}, read{after, framed("seven")}, read{before, framed("eight")}), payload)
			check(t, "the one before it", before.Wrote(), "[one][two][eight]")
			check(t, "the one behind it", after.Wrote(), "[five][seven]")
			if label != "panic" { // which ends it at once
				check(t, "its own answers", bad.Wrote(), "[three]")
			}
			for _, c := range []*stagetest.Conn{before, bad, after} {
				n, _ := c.Owed()
				check(t, "tickets owed", n, 0)
			}
			check(t, "answers ignored", before.Terms().Ignored.Load(), uint64(0))
		})
	}
}

// A forgetful decoder asks for what it has.
type forgetful struct{ stage.Decoder[frame.Frame] }

func (f forgetful) Decode(b []byte, v *frame.Frame) (int, error) {
	n, err := f.Decoder.Decode(b, v)
	if n < 0 {
		n = -1
	}
	return n, err
}

func TestADecoderThatAsksForLessThanThereIsGetsMoreAllTheSame(t *testing.T) {
	b, c := decoding[frame.Frame](forgetful{frame.Length32(1 << 20)}), stagetest.NewConn(limits(10))
	wire := framed("hello", "world")
	for i := range len(wire) {
		b.answer(b.batch(t, read{c, wire[i : i+1]}), payload)
	}
	check(t, "written", c.Wrote(), "[hello][world]")
}
