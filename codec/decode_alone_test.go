package codec_test

import (
	"testing"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// keepingApart decodes lines, and keeps apart those that begin with an exclamation mark.
func keepingApart() bench[line.Line] {
	apart := codec.Alone(func(l *line.Line) bool { return len(l.Text) > 0 && l.Text[0] == '!' })
	return bench[line.Line]{stagetest.NewRig(codec.Decode(line.Text(100), apart))}
}

func texts(out []*line.Line) (s string) {
	for _, l := range out {
		s += string(l.Text) + " "
	}
	return s
}

func TestAMessageThatIsKeptApartIsAloneInFlight(t *testing.T) {
	b, c := keepingApart(), stagetest.NewConn(limits(100))
	for i, want := range []string{"a b ", "!c ", "!d ", "e f ", "!g "} {
		data := ""
		if i == 0 {
			data = "a\nb\n!c\n!d\ne\nf\n!g\n"
		}
		out := b.batch(t, read{c, data})
		check(t, "decoded together", texts(out), want)
		check(t, "more is to be decoded", c.Reading.Stopped, want != "!g ")
		check(t, "halted", c.Halted(), want != "!g ")
		b.answer(out, lineOf)
		check(t, "halted when all is answered", c.Halted(), false)
	}
	check(t, "answers", c.Wrote(), "[a][b][!c][!d][e][f][!g]")
}

func TestWhatFollowsAMessageThatIsKeptApartWaitsAlsoWhenItArrivesLater(t *testing.T) {
	b, c := keepingApart(), stagetest.NewConn(limits(100))
	out := b.batch(t, read{c, "!a\n"})
	kept := stage.Retain(b.Lane.Lane, out[0])
	b.End()
	check(t, "decoded behind it", texts(b.batch(t, read{c, "b\n"})), "")
	b.End()
	check(t, "halted", c.Halted(), true)
	b.answer([]*line.Line{kept.Take(b.Lane.Lane)}, lineOf)
	check(t, "halted when it is answered", c.Halted(), false)
	b.answer(b.batch(t, read{c, ""}), lineOf)
	check(t, "answers", c.Wrote(), "[!a][b]")
}

func TestAMessageThatIsKeptApartGoesOnWhenThoseBeforeItAreVoid(t *testing.T) {
	b, c := keepingApart(), stagetest.NewConn(limits(100))
	check(t, "decoded", texts(b.batch(t, read{c, "a\n!b\nc\n"})), "a ")
	b.End() // nobody has answered
	check(t, "halted", c.Halted(), false)
	check(t, "decoded then", texts(b.batch(t, read{c, ""})), "!b ")
	b.End()
	check(t, "decoded at the end", texts(b.batch(t, read{c, ""})), "c ")
	b.End()
	check(t, "owed", owed(c), 0)
}

func owed(c *stagetest.Conn) int {
	n, _ := c.Owed()
	return n
}

// The tickets of a segment whose decoding ends in a panic are void, also those of which the connection knew already.
func TestNoTicketIsOwedForASegmentThatPanics(t *testing.T) {
	for name, f := range map[string]func(*line.Line) bool{
		"where a message is kept apart": func(l *line.Line) bool { return string(l.Text) == "!" || string(l.Text) == "#" && boom() },
		"where the grant is renewed":    func(l *line.Line) bool { return string(l.Text) == "#" && boom() },
	} {
		t.Run(name, func(t *testing.T) {
			b := bench[line.Line]{stagetest.NewRig(codec.Decode(line.Text(100), codec.Alone(f)))}
			c := stagetest.NewConn(limits(4))
			b.answer(b.batch(t, read{c, "a\nb\n"}), lineOf)
			check(t, "messages of the segment", len(b.batch(t, read{c, "c\nd\n#\n!\n"})), 0)
			b.End()
			check(t, "owed", owed(c), 0)
			reason, closed := c.Closed()
			check(t, "closed", closed, true)
			check(t, "reason", stage.LabelOf(reason), "panic")
		})
	}
}

func boom() bool { panic("a test") }
