package codec_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/frame"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
	"pgregory.net/rapid"
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

// The echo of any number of connections, whose bytes arrive in any pieces and several connections to a batch, is what they
// sent; also when fewer requests may be in flight than there are in a piece, and when answers wait for the next batches.
func TestMessagesAreTheSameHoweverTheirBytesArrive(t *testing.T) {
	t.Run("lines", func(t *testing.T) {
		testTorn(t, line.Text(1<<17), func(text string) string { return text + "\n" }, func(l *line.Line) string { return string(l.Text) })
	})
	t.Run("frames", func(t *testing.T) {
		testTorn(t, frame.Length32(1<<17), func(text string) string { return framed(text) }, func(f *frame.Frame) string { return string(f.Payload) })
	})
}

func testTorn[T any](t *testing.T, d stage.Decoder[T], wire func(string) string, text func(*T) string) {
	rapid.Check(t, func(rt *rapid.T) {
		b := decoding(d)
		first := stagetest.NewConn(limits(rapid.SampledFrom([]int{1, 2, 5, 1000}).Draw(rt, "in flight")))
		size := rapid.SampledFrom([]int{1, 10, 200, 5000, 40000})
		type peer struct {
			*stagetest.Conn
			left, want string
		}
		peers := make([]*peer, rapid.IntRange(1, 4).Draw(rt, "connections"))
		for i := range peers {
			p := &peer{Conn: first.Sibling()}
			for n := range rapid.IntRange(0, 30).Draw(rt, "messages") {
				m := strings.Repeat(string(rune('a'+n%26)), rapid.IntRange(0, size.Draw(rt, "size")).Draw(rt, "length"))
				p.left += wire(m)
				p.want += "[" + m + "]"
			}
			peers[i] = p
		}
		var late []*stage.Kept[T] // answered in a later batch
		for {
			var reads []read
			var busy bool
			for _, p := range peers {
				stopped := p.Reading.Stopped && !p.Halted()
				busy = busy || len(p.left) > 0 || p.Reading.Stopped
				switch {
				case stopped && rapid.Bool().Draw(rt, "look again"):
					reads = append(reads, read{p.Conn, ""})
				case len(p.left) > 0 && !p.Halted():
					n := min(len(p.left), 1+rapid.IntRange(0, size.Draw(rt, "piece")).Draw(rt, "bytes"))
					reads = append(reads, read{p.Conn, p.left[:n]})
					p.left = p.left[n:]
				}
			}
			if !busy && len(late) == 0 {
				break
			}
			out := b.batch(t, reads...)
			for _, k := range late {
				out = append(out[:len(out):len(out)], k.Take(b.Lane.Lane))
			}
			late = late[:0]
			o := b.Lane.Outbox()
			for _, m := range out {
				if rapid.IntRange(0, 3).Draw(rt, "later") == 0 {
					late = append(late, stage.Retain(b.Lane.Lane, m))
					continue
				}
				o.Answer(stage.HeadOf(m), append(o.Buffer(), "["+text(m)+"]"...))
			}
			b.End()
		}
		for _, p := range peers {
			if got := p.Wrote(); got != p.want {
				rt.Fatalf("a connection was answered %d bytes, want %d: %.200q and %.200q", len(got), len(p.want), got, p.want)
			}
			if n := len(p.Reading.Tail); n > 0 {
				rt.Fatalf("%d bytes are left undecoded", n)
			}
		}
	})
}

// dripSize is how much of a message drips in, byte by byte. With leakcheck each of the batches needs memory of its own.
func dripSize() int {
	if stage.Leakcheck {
		return 16 << 10
	}
	return 1 << 20
}

func TestAMessageThatDripsInCostsMemoryAndTimeInProportionToItsLength(t *testing.T) {
	n := dripSize()
	text := strings.Repeat("x", n-4)
	t.Run("line", func(t *testing.T) { testDrip(t, line.Text(n), text+"...\n") })
	t.Run("frame", func(t *testing.T) { testDrip(t, frame.Length32(n), framed(text)) })
}

func testDrip[T any](t *testing.T, d stage.Decoder[T], wire string) {
	b, c := decoding(d), stagetest.NewConn(limits(10))
	s := make([]*stage.Segment, 1)
	var found int
	began := time.Now()
	allocated := allocates(func() {
		for i := range len(wire) {
			s[0] = b.New()
			stagetest.Read(b.Lane.Lane, s[0], &c.Conn, wire[i:i+1])
			out, _ := b.Push(s...)
			found += len(out)
			if i == len(wire)/2 {
				if room := cap(c.Reading.Tail); room > 4*i {
					t.Errorf("%d bytes of memory wait for the rest of a message of which there are %d", room, i)
				}
			}
			b.End()
		}
	})
	check(t, "messages", found, 1)
	if most := uint64(16 * len(wire)); allocated > most && !stage.Leakcheck {
		t.Errorf("%d bytes were allocated for a message of %d bytes", allocated, len(wire))
	}
	// When each byte costs a copy of all before it, 1 MiB takes minutes.
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("%d bytes took %v", len(wire), took)
	}
}

func allocates(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestAPeerThatOnlyClaimsALengthDoesNotGetItsMemory(t *testing.T) {
	claim := string(binary.BigEndian.AppendUint32(nil, 1<<30-100))
	for name, pieces := range map[string][]string{"at once": {claim}, "in pieces": {claim[:1], claim[1:3], claim[3:]}} {
		t.Run(name, func(t *testing.T) {
			b := decoding(frame.Length32(1 << 30))
			c := stagetest.NewConn(limits(10))
			b.batch(t, read{c.Sibling(), claim[:1]}) // what the rig and the lane need once
			b.End()
			got := allocates(func() {
				for _, p := range append(pieces, strings.Split(strings.Repeat("some bytes,", 10), ",")...) {
					b.batch(t, read{c, p})
					b.End()
				}
			})
			if got > 1<<20 && !stage.Leakcheck {
				t.Errorf("%d bytes were allocated", got)
			}
			if room := cap(c.Reading.Tail); room > 1024 {
				t.Errorf("%d bytes of memory wait for a message of which there are 104", room)
			}
		})
	}
}

// Each byte of a line that drips in is appended to the others where they are; they are not copied together again.
func TestALineThatDripsInIsNotCopiedForEachByte(t *testing.T) {
	b, c := decoding(line.Text(1000)), stagetest.NewConn(limits(10))
	for i := range 1000 {
		s := b.New()
		stagetest.Read(b.Lane.Lane, s, &c.Conn, "x")
		b.Push(s)
		_, next := b.Lane.Bytes(1)
		used := uintptr(unsafe.Pointer(&next[0])) - uintptr(unsafe.Pointer(&s.Data[0]))
		if i > 1 && used != 1 {
			t.Fatalf("byte %d of a line cost %d bytes of a slab", i, used)
		}
		b.End()
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

func TestATailIsNotLostWhenItsMemoryIsUsedAgain(t *testing.T) {
	// Each read ends in the middle of a message, and messages of several batches are alive at once.
	b, c := decoding(frame.Length32(1<<20)), stagetest.NewConn(limits(1000))
	var wire string
	for i := range 100 {
		wire += framed(fmt.Sprintf("message %d", i))
	}
	var kept []*stage.Kept[frame.Frame]
	for len(wire) > 0 {
		n := min(len(wire), 23)
		for _, m := range b.batch(t, read{c, wire[:n]}) {
			kept = append(kept, stage.Retain(b.Lane.Lane, m))
		}
		b.End()
		wire = wire[n:]
	}
	for i, k := range kept {
		check(t, "payload", string(k.Take(b.Lane.Lane).Payload), fmt.Sprintf("message %d", i))
	}
	b.End()
	check(t, "messages", len(kept), 100)
}

func TestDecodingAllocatesNothing(t *testing.T) {
	wire := strings.Repeat(framed(strings.Repeat("x", 60)), 32)
	lines := strings.Repeat(strings.Repeat("x", 63)+"\n", 32)
	for _, c := range []struct {
		name string
		make func() func()
	}{
		{"whole frames", func() func() { return steady(frame.Length32(1<<20), wire) }},
		{"torn frames", func() func() { return steady(frame.Length32(1<<20), wire[:1000], wire[1000:1500], wire[1500:]) }},
		{"lines", func() func() { return steady(line.Text(100), lines) }},
		{"torn lines", func() func() { return steady(line.Text(100), lines[:1000], lines[1000:1500], lines[1500:]) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			// What is left of a read that had begun with a whole message needs memory; the rests behind it use it again.
			stagetest.Allocs(t, float64(strings.Count(c.name, "torn")), c.make())
		})
	}
}

// sink is a connection that remembers nothing of what it writes.
type sink struct{ stage.Conn }

func (*sink) Write(b []byte) (int, error) { return len(b), nil }
func (*sink) Want(_, _ bool)              {}
func (*sink) Shut(error)                  {}
func (*sink) Peer() string                { return "nobody" }

// steady is a cycle in which pieces are read and decoded, each in a batch of its own, and answered.
func steady[T any](d stage.Decoder[T], pieces ...string) func() {
	b := decoding(d)
	terms := &stage.Terms{Limits: limits(1 << 16)}
	terms.Now.Store(1)
	c := &sink{}
	c.Init(c, terms)
	batch := make([]*stage.Segment, 1)
	ok := []byte("ok")
	return func() {
		for _, p := range pieces {
			s := b.New()
			stagetest.Read(b.Lane.Lane, s, &c.Conn, p)
			batch[0] = s
			out, _ := b.Push(batch...)
			o := b.Lane.Outbox()
			for _, m := range out {
				o.Answer(stage.HeadOf(m), append(o.Buffer(), ok...))
			}
			b.End()
		}
	}
}

// One op is a batch of 32 frames of 64 bytes out of one segment: the decoder, the ticket and its answer.
func BenchmarkDecode(b *testing.B) {
	wire := strings.Repeat(framed(strings.Repeat("x", 60)), 32)
	f := steady(frame.Length32(1<<20), wire)
	b.ReportAllocs()
	b.SetBytes(int64(len(wire)))
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*32), "ns/msg")
}

// One op is 16 reads of 16 KiB of a stream of frames of 64 bytes, none of which ends where a frame does.
func BenchmarkDecodeTorn(b *testing.B) {
	const size = 16 << 10
	wire := strings.Repeat(framed(strings.Repeat("x", 59)), 16*size/63+1)
	for _, bm := range []struct {
		name string
		make func([]string) func()
	}{
		{"frames", func(p []string) func() { return steady(frame.Length32(1<<20), p...) }},
		{"lines", func(p []string) func() { return steady(line.Text(100), p...) }},
	} {
		b.Run(bm.name, func(b *testing.B) {
			all := wire
			if bm.name == "lines" {
				all = strings.Repeat(strings.Repeat("x", 62)+"\n", 16*size/63+1)
			}
			messages := len(all) / 63
			var pieces []string
			for len(all) > 0 {
				n := min(size, len(all))
				pieces = append(pieces, all[:n])
				all = all[n:]
			}
			f := bm.make(pieces)
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*messages), "ns/msg")
		})
	}
}
