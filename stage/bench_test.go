package stage_test

import (
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// size is the messages of a batch in benchmarks and in the tests of allocations.
const size = 32

// perMessage reports the cost of one of the messages of a batch.
func perMessage(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/msg")
}

// A cycle is one batch, from the making of its messages to its end.
type cycle struct {
	name string
	make func() func()
}

// rigged makes a cycle that gives a stage a batch of messages without a connection.
func rigged[Out any](mk stage.Maker[msg, Out]) func() func() {
	return func() func() {
		r := stagetest.NewRig(mk)
		batch := make([]*msg, size)
		return func() {
			for i := range batch {
				batch[i] = r.New()
			}
			r.Push(batch...)
			r.End()
		}
	}
}

var cycles = []cycle{
	{"Arena", rigged(func(*stage.Lane) stage.Stage[msg, msg] { return nothing{} })},
	{"Do", rigged(stage.Do(func(m *msg) { m.N++ }))},
	{"Filter", rigged(stage.Filter(func(m *msg) bool { m.N++; return m.N > 0 }))},
	{"Map", rigged(stage.Map(func(out, in *msg) { out.N = in.N }))},
	{"FlatMap", rigged(stage.FlatMap(func(in *msg, emit func() *msg) { emit().N = in.N }))},
	{"Bytes", func() func() {
		l := stagetest.NewLane("bytes")
		return func() {
			for range size {
				_, b := l.Bytes(64)
				b[0] = 1
			}
			l.End()
		}
	}},
	{"Reply", func() func() {
		l, c := stagetest.NewLane("reply"), &quiet{}
		c.Init(c, quietTerms())
		a := stage.NewArena[msg](l.Lane)
		var text [64]byte
		return func() {
			next := c.Issued()
			o := l.Outbox()
			for i := range uint32(size) {
				m := a.New()
				c.Issue(&m.Head, next+i, nil)
				o.Answer(&m.Head, append(o.Buffer(), text[:]...))
			}
			c.Publish(next + size)
			l.Opened(size)
			l.End()
		}
	}},
	{"Queue", func() func() {
		from, to := stagetest.NewLane("from"), stagetest.NewLane("to")
		a := stage.NewArena[msg](from.Lane)
		batch, slots, lent := make([]*msg, size), make([]msg, size), make([]*msg, size)
		return func() {
			for i := range batch {
				batch[i] = a.New().text(from.Lane, "some text")
			}
			stage.Lend(from.Lane, "queue", batch)
			for i, m := range batch {
				slots[i] = *m
				lent[i] = &slots[i]
			}
			stage.Sent(from.Lane, batch)
			from.End()
			stage.Adopt(to.Lane, "queue", lent)
			to.End()
		}
	}},
	{"Batch", func() func() {
		r := stagetest.NewRig(stage.Batch[msg](2*size, 1<<40))
		batch := make([]*msg, size)
		return func() { // every second one emits
			for i := range batch {
				batch[i] = r.New()
			}
			r.Push(batch...)
			r.End()
		}
	}},
}

// One op is one batch of 32 messages.
func BenchmarkCycle(b *testing.B) {
	for _, c := range cycles {
		b.Run(c.name, func(b *testing.B) {
			f := c.make()
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
			perMessage(b)
		})
	}
}

// nothing is a stage that passes on what it gets.
type nothing struct{}

func (nothing) Process(_, b []*msg) ([]*msg, error) { return b, nil }

// A quiet is a connection whose peer takes everything and remembers nothing.
type quiet struct{ stage.Conn }

func quietTerms() *stage.Terms {
	t := &stage.Terms{Limits: roomy}
	t.Now.Store(1)
	return t
}

func (*quiet) Write(b []byte) (int, error) { return len(b), nil }
func (*quiet) Want(_, _ bool)              {}
func (*quiet) Shut(error)                  {}
func (*quiet) Peer() string                { return "nobody" }
