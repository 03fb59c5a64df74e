package pipeline_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/stage"
)

// msg is a message of ordinary size: 72 bytes.
type msg struct {
	stage.Head
	ID, Key uint64
	Flags   uint32
	Buf     []byte
}

// Five stages that each do about as little as a stage can.
type (
	parse struct{}
	allow struct{}
	hash  struct{}
	flag  struct{}
	store struct{}
)

func (parse) Process(_, b []*msg) ([]*msg, error) {
	for _, m := range b {
		m.ID = uint64(m.Buf[0])<<8 | uint64(m.Buf[1])
	}
	return b, nil
}

func (allow) Process(_, b []*msg) ([]*msg, error) {
	kept := b[:0]
	for _, m := range b {
		if m.ID != 0xffff {
			kept = append(kept, m)
		}
	}
	return kept, nil
}

func (hash) Process(_, b []*msg) ([]*msg, error) {
	for _, m := range b {
		m.Key = m.ID * 0x9E3779B97F4A7C15
	}
	return b, nil
}

func (flag) Process(_, b []*msg) ([]*msg, error) {
	for _, m := range b {
		m.Flags |= uint32(m.Key >> 60)
	}
	return b, nil
}

func (store) Process(_, b []*msg) ([]*msg, error) {
	for _, m := range b {
		m.Buf[2] = byte(m.Flags)
	}
	return b, nil
}

func one[S stage.Stage[msg, msg]](s S) stage.Maker[msg, msg] {
	return func(*stage.Lane) stage.Stage[msg, msg] { return s }
}

var fiveStages = []stage.Maker[msg, msg]{one(parse{}), one(allow{}), one(hash{}), one(flag{}), one(store{})}

var fiveFuncs = []func(*msg){
	func(m *msg) { m.ID = uint64(m.Buf[0])<<8 | uint64(m.Buf[1]) },
	func(m *msg) { m.Flags |= 1 },
	func(m *msg) { m.Key = m.ID * 0x9E3779B97F4A7C15 },
	func(m *msg) { m.Flags |= uint32(m.Key >> 60) },
	func(m *msg) { m.Buf[2] = byte(m.Flags) },
}

//go:noinline
func byHand(ms []*msg) {
	for _, m := range ms {
		m.ID = uint64(m.Buf[0])<<8 | uint64(m.Buf[1])
		if m.ID == 0xffff {
			continue
		}
		m.Key = m.ID * 0x9E3779B97F4A7C15
		m.Flags |= uint32(m.Key >> 60)
		m.Buf[2] = byte(m.Flags)
	}
}

// feed is a source that pushes from Start.
type feed[T any] struct{ run func(*pipeline.Inlet[T]) }

func (s feed[T]) String() string { return "feed" }
func (s feed[T]) Lanes() int     { return 1 }
func (s feed[T]) Start(open func(func()) *pipeline.Inlet[T]) error {
	in := open(nil)
	in.Lane.Work()
	s.run(in)
	in.Lane.Rest()
	return nil
}
func (s feed[T]) Stop(context.Context)                {}
func (s feed[T]) Close(context.Context) pipeline.Lost { return pipeline.Lost{} }

// tally is a sink that counts.
type tally[T any] struct{ n *int }

func (s tally[T]) Push(b []*T) { *s.n += len(b) }

func tallied[T any](n *int) stage.SinkMaker[T] {
	return func(*stage.Lane) stage.Sink[T] { return tally[T]{n} }
}

// runOnce runs a pipeline whose sources have pushed everything when they have started.
func runOnce(p *pipeline.Pipeline) error {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	return p.Run(ctx)
}

func messages(n int) []*msg {
	ms := make([]*msg, n)
	for i := range ms {
		ms[i] = &msg{Buf: make([]byte, 64)}
	}
	return ms
}

// BenchmarkFused is the cost of fusing: five tiny stages, with counters, beside the same work written as one loop.
func BenchmarkFused(b *testing.B) {
	for _, n := range []int{1, 32, 256} {
		perMessage := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/msg")
		}
		b.Run(fmt.Sprintf("hand/batch=%d", n), func(b *testing.B) {
			ms := messages(n)
			for b.Loop() {
				byHand(ms)
			}
			perMessage(b)
		})
		for _, kind := range []string{"stages", "funcs"} {
			b.Run(fmt.Sprintf("%s/batch=%d", kind, n), func(b *testing.B) {
				p, passed := pipeline.New("bench"), 0
				f := p.From(feed[msg]{func(in *pipeline.Inlet[msg]) {
					ms := messages(n) // no stage drops any, so the slice stays as it is
					b.ReportAllocs()
					b.ResetTimer()
					for range b.N {
						in.Push(ms)
					}
					b.StopTimer()
				}})
				for i := range fiveStages {
					mk := fiveStages[i]
					if kind == "funcs" {
						mk = stage.Do(fiveFuncs[i])
					}
					f = f.Via(fmt.Sprint(i), mk)
				}
				f.To("tally", tallied[msg](&passed))
				if err := runOnce(p); err != nil || passed != b.N*n {
					b.Fatal(err, passed)
				}
				perMessage(b)
			})
		}
	}
}

// BenchmarkJoint is the cost of a queue between two lanes: each message is made in the arena with 64 bytes of slab, lent,
// carried, touched, and taken back. Without a queue ("fused") the rest of the work remains.
func BenchmarkJoint(b *testing.B) {
	for _, q := range []struct {
		name string
		make queue.Maker[msg]
	}{{"fused", nil}, {"chan", queue.Chan[msg]}, {"ring", queue.Ring[msg]}, {"blocks", queue.Blocks[msg]}, {"workiva", queue.Workiva[msg]}} {
		for _, n := range []int{1, 32, 256} {
			b.Run(fmt.Sprintf("%s/batch=%d", q.name, n), func(b *testing.B) {
				p, passed := pipeline.New("bench"), 0
				f := p.From(feed[msg]{func(in *pipeline.Inlet[msg]) {
					a, buf := stage.NewArena[msg](in.Lane), make([]*msg, n)
					b.ReportAllocs()
					b.ResetTimer()
					for range b.N {
						for i := range buf {
							m := a.New()
							slab, bytes := in.Lane.Bytes(64)
							m.Buf, bytes[0] = bytes, byte(i)
							m.SetSlab(slab)
							buf[i] = m
						}
						in.Push(buf)
					}
				}})
				if q.make != nil {
					f = f.Queue("queue", q.make)
				}
				f.Via("touch", one(parse{})).To("tally", tallied[msg](&passed))
				if err := runOnce(p); err != nil || passed != b.N*n {
					b.Fatal(err, passed)
				}
				b.StopTimer()
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/msg")
			})
		}
	}
}
