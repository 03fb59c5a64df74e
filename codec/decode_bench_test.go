package codec_test

import (
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/frame"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

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
