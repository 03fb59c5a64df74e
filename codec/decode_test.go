package codec_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/frame"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

// A bench is a lane with codec.Decode on it.
type bench[T any] struct {
	*stagetest.Rig[stage.Segment, T]
}

func decoding[T any](d stage.Decoder[T]) bench[T] { return bench[T]{stagetest.NewRig(codec.Decode(d))} }

// read is what a source reads from one connection in one go.
type read struct {
	conn *stagetest.Conn
	data string
}

// batch decodes what was read and leaves the batch open.
func (b bench[T]) batch(t testing.TB, reads ...read) []*T {
	t.Helper()
	var segments []*stage.Segment
	for _, r := range reads {
		s := b.New()
		stagetest.Read(b.Lane.Lane, s, &r.conn.Conn, r.data)
		segments = append(segments, s)
	}
	out, err := b.Push(segments...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// answer is what a sink does, and the end of the batch.
func (b bench[T]) answer(out []*T, text func(*T) string) {
	o := b.Lane.Outbox()
	for _, m := range out {
		o.Answer(stage.HeadOf(m), append(o.Buffer(), text(m)...))
	}
	b.End()
}

func lineOf(l *line.Line) string { return "[" + string(l.Text) + "]" }

func payload(f *frame.Frame) string { return "[" + string(f.Payload) + "]" }

// framed is the wire form of frames with a 32-bit length.
func framed(payloads ...string) string {
	var b []byte
	for _, p := range payloads {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return string(b)
}

func limits(inFlight int) stage.Limits {
	return stage.Limits{InFlight: inFlight, OutLow: 1 << 20, OutHigh: 1 << 20, OutHard: 1 << 26}
}

func check(t testing.TB, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func TestARefusalGoesOutBehindTheAnswersToWhatCameBefore(t *testing.T) {
	b, c := decoding(line.Text(10)), stagetest.NewConn(limits(10))
	out := b.batch(t, read{c, "one\ntwo\nmuch longer than ten\nthree\n"})
	check(t, "messages before the one that is too long", len(out), 2)
	first, second := stage.Retain(b.Lane.Lane, out[0]), stage.Retain(b.Lane.Lane, out[1])
	b.End()
	check(t, "written before anything was answered", c.Wrote(), "")
	if read, _ := c.Wants(); read {
		t.Error("a refused connection is still read")
	}
	if out := b.batch(t, read{c, "four\n"}); len(out) > 0 {
		t.Errorf("%q was decoded behind a refusal", out[0].Text)
	}
	b.answer([]*line.Line{second.Take(b.Lane.Lane)}, lineOf)
	check(t, "written before the first was answered", c.Wrote(), "")
	b.answer([]*line.Line{first.Take(b.Lane.Lane)}, lineOf)
	check(t, "written", c.Wrote(), "[one][two]error: line over the limit of 10 bytes\n")
	reason, closed := c.Closed()
	check(t, "closed", closed, true)
	check(t, "label of the reason", stage.LabelOf(reason), "malformed")
	check(t, "tail of a refused connection", len(c.Reading.Tail), 0)
}

func TestAConnectionThatIsRefusedWithoutAWordClosesToo(t *testing.T) {
	b, c := decoding(frame.Length32(10)), stagetest.NewConn(limits(10))
	b.answer(b.batch(t, read{c, framed("fine", "this is too long")}), payload)
	_, closed := c.Closed()
	check(t, "written", c.Wrote(), "[fine]")
	check(t, "closed", closed, true)
	n, _ := c.Owed()
	check(t, "tickets owed", n, 0)
}

func TestNoMoreIsDecodedThanMayBeInFlight(t *testing.T) {
	b, c := decoding(line.Text(10)), stagetest.NewConn(limits(4))
	out := b.batch(t, read{c, "1\n2\n3\n4\n5\n6\n7\n8\n9\nten"})
	check(t, "messages in flight", len(out), 4)
	check(t, "stopped", c.Reading.Stopped, true)
	check(t, "halted", c.Halted(), true)
	var kept []*stage.Kept[line.Line]
	for _, m := range out {
		kept = append(kept, stage.Retain(b.Lane.Lane, m))
	}
	b.End()
	check(t, "messages after an empty segment with all in flight", len(b.batch(t, read{c, ""})), 0)
	b.answer([]*line.Line{kept[0].Take(b.Lane.Lane)}, lineOf)
	check(t, "halted with three of four in flight", c.Halted(), true)
	b.answer([]*line.Line{kept[1].Take(b.Lane.Lane)}, lineOf)
	check(t, "halted with half in flight", c.Halted(), false)
	out = b.batch(t, read{c, ""})
	check(t, "messages after an empty segment", len(out), 2)
	b.answer(out, lineOf)
	check(t, "written before the third is answered", c.Wrote(), "[1][2]")
	b.answer([]*line.Line{kept[3].Take(b.Lane.Lane), kept[2].Take(b.Lane.Lane)}, lineOf)
	check(t, "written", c.Wrote(), "[1][2][3][4][5][6]")
	b.answer(b.batch(t, read{c, ""}), lineOf)
	check(t, "stopped when all whole lines are decoded", c.Reading.Stopped, false)
	b.answer(b.batch(t, read{c, "\n"}), lineOf)
	check(t, "written in the end", c.Wrote(), "[1][2][3][4][5][6][7][8][9][ten]")
}

func TestWhatADecoderRemembersOfOneConnectionIsNotTheOthers(t *testing.T) {
	b := decoding(line.Text(100))
	c := stagetest.NewConn(limits(10))
	d := c.Sibling()
	b.answer(b.batch(t, read{c, "a long beginning"}, read{d, "x"}), lineOf)
	b.answer(b.batch(t, read{c, " and"}, read{d, "\ny\n"}), lineOf)
	b.answer(b.batch(t, read{c, " an end\n"}, read{d, "z\n"}), lineOf)
	check(t, "one connection", c.Wrote(), "[a long beginning and an end]")
	check(t, "the other", d.Wrote(), "[x][y][z]")
}

func TestBytesOfAConnectionThatHasFailedAreNotAnswered(t *testing.T) {
	b, c := decoding(line.Text(10)), stagetest.NewConn(limits(10))
	b.answer(b.batch(t, read{c, "a\nb"}), lineOf)
	c.Fail(stage.ErrReset)
	b.answer(b.batch(t, read{c, "\nc\n"}), lineOf)
	check(t, "written", c.Wrote(), "[a]")
	n, _ := c.Owed()
	check(t, "tickets owed", n, 0)
}

func TestTimeoutsSeeWhetherAMessageHasBegunAndEnded(t *testing.T) {
	l := limits(2)
	l.FirstMessage, l.Read, l.Idle = 10*time.Second, 20*time.Second, 60*time.Second
	b, c := decoding(line.Text(10)), stagetest.NewConn(l)
	pass := func(d time.Duration) { c.Terms().Now.Add(int64(d)) }
	answered := func(data string) { b.answer(b.batch(t, read{c, data}), lineOf) }
	overdue := func(when string, want error) {
		t.Helper()
		if got := c.Overdue(); got != want {
			t.Fatalf("%s: overdue because %v, want %v", when, got, want)
		}
	}

	pass(9 * time.Second)
	answered("a")
	pass(2 * time.Second)
	overdue("11 s after accept with a first message that is not complete", stage.ErrFirstMessage)
	answered("bc\n")
	overdue("after the first message", nil)
	pass(21 * time.Second)
	overdue("with no message begun", nil)
	answered("de")
	pass(19 * time.Second)
	answered("f")
	overdue("19 s after the first byte of a message", nil)
	pass(2 * time.Second)
	overdue("21 s after the first byte of a message", stage.ErrReadTimeout)
	answered("\ng")
	overdue("when that message is complete and the next is begun", nil)
	pass(21 * time.Second)
	overdue("21 s after the begin of the next", stage.ErrReadTimeout)
	answered("\n")
	pass(61 * time.Second)
	overdue("61 s after the last byte", stage.ErrIdle)

	// What cannot be decoded because too much is in flight is not a message that the peer is slow with.
	answered("")
	out := b.batch(t, read{c, "1\n2\n3\n4"})
	first, second := stage.Retain(b.Lane.Lane, out[0]), stage.Retain(b.Lane.Lane, out[1])
	b.End()
	pass(30 * time.Second)
	overdue("30 s with whole messages that may not be decoded", nil)
	b.answer([]*line.Line{first.Take(b.Lane.Lane), second.Take(b.Lane.Lane)}, lineOf)
	b.answer(b.batch(t, read{c, ""}), lineOf)
	overdue("when the rest has been looked at", nil)
	pass(21 * time.Second)
	overdue("21 s after that, with the 4 still begun", stage.ErrReadTimeout)
}

// What a decoder skips is neither a message nor kept.
func TestWhatIsSkippedIsDropped(t *testing.T) {
	b, c := decoding(resp.Request(resp.Limits{})), stagetest.NewConn(limits(100))
	for _, data := range []string{strings.Repeat("\r\n", 4000), "\n\n*0\r\n*-1\r\n", "\r\n*0\r"} {
		check(t, "messages", len(b.batch(t, read{c, data})), 0)
		b.End()
	}
	check(t, "bytes kept", string(c.Reading.Tail), "*0\r")
	out := b.batch(t, read{c, "\n\nPING\r\n\r\nPING\r\n\r"})
	check(t, "messages behind it", len(out), 2)
	check(t, "ticket of the first", out[0].Seq(), uint32(0))
	b.End()
}
