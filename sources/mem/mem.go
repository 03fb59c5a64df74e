// Package mem is a source without a network: its connections are buffers in memory, so that a whole pipeline runs inside a
// testing/synctest bubble in virtual time, and a test can say what a peer does and does not read.
//
// It is built like a reactor: each of its loops serves many connections, puts what several of them sent into one batch, and
// never waits in a push. What holds for it under back-pressure holds for any source of that kind.
package mem

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/internal/peers"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// A Source hands out the far ends of connections with Dial.
type Source struct {
	name  string
	table peers.Table
	loops []*loop
	next  atomic.Uint32
	ended sync.WaitGroup
	empty chan struct{} // closed when the source closes and no connection is left
	once  sync.Once     // closes empty
}

// An Option changes a source.
type Option func(*options)

type options struct {
	name   string
	loops  int
	most   int
	limits stage.Limits
}

// Name is the name of the node. The default is "mem".
func Name(s string) Option { return func(o *options) { o.name = s } }

// Loops is how many lanes read. The default is 1.
func Loops(n int) Option { return func(o *options) { o.loops = n } }

// Limits bound what one connection may cost. The default is stage.DefaultLimits.
func Limits(l stage.Limits) Option { return func(o *options) { o.limits = l } }

// MaxConns is the most connections at a time. The default is 10 000.
func MaxConns(n int) Option { return func(o *options) { o.most = n } }

// New makes a source. It panics when an option makes no sense.
func New(opts ...Option) *Source {
	o := options{name: "mem", loops: 1, most: 10_000, limits: stage.DefaultLimits}
	for _, opt := range opts {
		opt(&o)
	}
	if err := o.limits.Validate(); err != nil || o.loops < 1 || o.most < 1 {
		panic(fmt.Sprintf("mem.New: wants at least 1 loop and 1 connection, not %d and %d; %v", o.loops, o.most, err))
	}
	s := &Source{name: o.name, empty: make(chan struct{})}
	s.table.Init(o.limits, o.most)
	for range o.loops {
		s.loops = append(s.loops, newLoop(s))
	}
	return s
}

func (s *Source) String() string { return s.name }

// Lanes implements pipeline.Source.
func (s *Source) Lanes() int { return len(s.loops) }

// Services implements pipeline.Served.
func (s *Source) Services() []pipeline.Service {
	return []pipeline.Service{{Name: s.name + ": timeouts", Run: s.table.Sweep}}
}

// Gauges implements pipeline.Gauged.
func (s *Source) Gauges() (g []pipeline.Gauge) {
	g = append(g, pipeline.Gauge{Name: "engine", Value: "memory loops"})
	s.table.Figures(func(name, value string) { g = append(g, pipeline.Gauge{Name: name, Value: value}) })
	return g
}

// Start implements pipeline.Source.
func (s *Source) Start(open func(wake func()) *pipeline.Inlet[stage.Segment]) error {
	for _, l := range s.loops {
		l.inlet = open(l.wake)
		l.segments = stage.NewArena[stage.Segment](l.inlet.Lane)
		s.ended.Go(l.run)
	}
	return nil
}

// Stop implements pipeline.Source.
func (s *Source) Stop(ctx context.Context) {
	for _, l := range s.loops {
		l.stop()
	}
	for _, l := range s.loops {
		select {
		case <-l.stopped:
		case <-ctx.Done():
			l.abandon()
			within(l.stopped)
		}
	}
}

// grace is how long, after the time has ended, a loop may take to come back from its batch. One that is stuck in a stage is
// left behind.
const grace = 500 * time.Millisecond

func within(c <-chan struct{}) {
	select {
	case <-c:
	case <-time.After(grace):
	}
}

// Close implements pipeline.Source.
func (s *Source) Close(ctx context.Context) (lost pipeline.Lost) {
	for _, c := range s.table.Open() {
		c.Finish(stage.ErrStopped)
	}
	for _, l := range s.loops {
		l.close()
	}
	select {
	case <-s.empty:
	case <-ctx.Done():
		lost.Requests, lost.Bytes = s.table.Owed()
		for _, c := range s.table.Open() {
			c.Fail(stage.ErrStopped)
		}
		within(s.empty)
	}
	for _, l := range s.loops {
		l.end()
	}
	ended := make(chan struct{})
	go func() { s.ended.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
		within(ended)
	}
	return lost
}

func (s *Source) emptied() { s.once.Do(func() { close(s.empty) }) }
