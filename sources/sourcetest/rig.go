package sourcetest

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/stage"
)

// maxLine is longer than any read of a source takes, so that some messages come in several.
const maxLine = 64 << 10

// A setup says what pipeline a check wants around its source: lines are decoded, cross a joint, are worked on, and answered.
type setup struct {
	Options
	joint  func(*pipeline.Flow[line.Line]) *pipeline.Flow[line.Line] // nil for a fused pipeline
	work   func(*rig, *line.Line)                                    // beyond making it upper case
	drain  time.Duration
	enough int64 // messages after which the rig's channel of that name is closed
	answer int   // bytes of the longest answer, if they are longer than a request

	assemble func(*pipeline.Flow[stage.Segment]) // another pipeline altogether
}

// A rig is a pipeline that runs.
type rig struct {
	*suite
	engine   Engine
	pipeline *pipeline.Pipeline
	source   watched
	entered  atomic.Int64 // messages that the work has seen
	enough   chan struct{}
	gate     chan struct{} // for work to wait at
	open     func()        // opens the gate
	cancel   context.CancelFunc
	done     chan error
	dialed   []Conn
	aside    sync.WaitGroup // what clients do beside the check, until they are hung up
}

// generous are limits that no check meets by accident.
var generous = stage.Limits{InFlight: 1024, OutLow: 16 << 10, OutHigh: 64 << 10, OutHard: 8 << 20}

func (s *suite) start(c setup) *rig {
	s.Helper()
	if c.Limits == (stage.Limits{}) {
		c.Limits = generous
	}
	if c.MaxConns == 0 {
		c.MaxConns = 4096
	}
	if c.drain == 0 {
		c.drain = 20 * time.Second
	}
	r := &rig{suite: s, enough: make(chan struct{}), gate: make(chan struct{}), done: make(chan error, 1)}
	r.open = sync.OnceFunc(func() { close(r.gate) })
	r.engine = s.make(s.TB, c.Options)
	r.source = watch(r.engine.Source)
	r.pipeline = pipeline.New("check", pipeline.DrainTime(c.drain), pipeline.Log(slog.New(slog.DiscardHandler)))
	if c.assemble != nil {
		c.assemble(r.pipeline.From(r.source))
	} else {
		r.lines(c)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() {
		r.done <- r.pipeline.Run(ctx)
		close(r.done)
	}()
	stalled := time.AfterFunc(48*time.Hour, func() { // in virtual time, soon after everybody waits for everybody
		b := make([]byte, 1<<20)
		panic("the source has stalled:\n" + string(b[:runtime.Stack(b, true)]))
	})
	r.Cleanup(func() {
		defer stalled.Stop()
		r.open()
		r.hangUp()
		r.stop()
		r.aside.Wait()
	})
	return r
}

// lines assembles the usual pipeline.
func (r *rig) lines(c setup) {
	f := r.pipeline.From(r.source).Via("decode", codec.Decode(line.Text(maxLine)))
	if c.joint != nil {
		f = c.joint(f)
	}
	f.Via("work", stage.Do(func(l *line.Line) {
		if r.entered.Add(1) == c.enough {
			close(r.enough)
		}
		if c.work != nil {
			c.work(r, l)
		}
		copy(l.Text, bytes.ToUpper(l.Text))
	})).To("reply", sinks.Reply(line.Text(max(maxLine, c.answer))))
}

// stop ends the pipeline and returns what Run returned, the first time.
func (r *rig) stop() error {
	r.cancel()
	return <-r.done
}

// hangUp lets all clients go away.
func (r *rig) hangUp() {
	for _, c := range r.dialed {
		c.Close()
	}
}

func (r *rig) mustStop() {
	r.Helper()
	if err := r.stop(); err != nil {
		r.Error(err)
	}
}

// gauge returns a figure of the source, 0 when there is none of that name.
func (r *rig) gauge(name string) int {
	for _, g := range r.pipeline.Stats().Node(r.engine.Source.String()).Gauges {
		if g.Name == name {
			n, err := strconv.Atoi(g.Value)
			if err != nil {
				r.Errorf("gauge %s is %q, not a number", name, g.Value)
			}
			return n
		}
	}
	return 0
}

// eventually waits until ok holds.
func (s *suite) eventually(what string, ok func() bool) {
	s.Helper()
	step := time.Millisecond
	if s.virtual {
		step *= 10
	}
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(step) {
		if time.Now().After(deadline) {
			s.Fatalf("waited in vain until %s", what)
		}
	}
}

// A shape is one way from the reading lanes to the working ones.
type shape struct {
	name  string
	joint func(*pipeline.Flow[line.Line]) *pipeline.Flow[line.Line]
}

func sharded(q queue.Maker[line.Line], size int) func(*pipeline.Flow[line.Line]) *pipeline.Flow[line.Line] {
	return func(f *pipeline.Flow[line.Line]) *pipeline.Flow[line.Line] {
		return f.Shard("by request", 4, stage.ByRequest, q, queue.Cap(size))
	}
}

func queued(f *pipeline.Flow[line.Line]) *pipeline.Flow[line.Line] {
	return f.Queue("queue", queue.Chan)
}

var shapes = []shape{
	{"fused", nil},
	{"four shards of chan, capacity 2", sharded(queue.Chan, 2)},
	{"four shards of chan, capacity 1024", sharded(queue.Chan, 1024)},
	{"four shards of workiva, capacity 2", sharded(queue.Workiva, 2)},
	{"four shards of workiva, capacity 1024", sharded(queue.Workiva, 1024)},
	{"four shards of ring, capacity 2", sharded(queue.Ring, 2)},
	{"four shards of ring, capacity 1024", sharded(queue.Ring, 1024)},
	{"four shards of blocks, capacity 1024", sharded(queue.Blocks, 1024)},
}
