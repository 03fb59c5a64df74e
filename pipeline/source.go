package pipeline

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/stage"
)

// A Source reads from outside and pushes batches into lanes. Its life has three parts, because what was read must be
// answered before connections close.
type Source[T any] interface {
	// String names the source; the name is unique in its pipeline.
	String() string

	// Lanes is the most lanes that the source will open.
	Lanes() int

	// Start begins to read. open makes one Inlet for each goroutine that pushes at the same time as others. A source that
	// may wait in Push passes a nil wake. One that must not, because the goroutine serves many connections, passes a
	// function that makes it call [Inlet.Retry]: it reads nothing more while [Inlet.Stalled].
	Start(open func(wake func()) *Inlet[T]) error

	// Stop ends reading. What had already arrived is still read and pushed; writing goes on. It returns when the last
	// Push and the last Tick have returned and no inlet is stalled, or soon after ctx has ended. Nothing is pushed, retried or
	// ticked afterwards: the pipeline flushes the lanes then.
	Stop(ctx context.Context)

	// Close flushes what waits to be written, closes the connections, and returns when everything the source has
	// started has ended. When ctx ends it closes by force, and returns soon even if a stage does not come back. It says what
	// was lost.
	Close(ctx context.Context) Lost
}

// Lost is what a source could not deliver.
type Lost struct {
	Requests    int // accepted and not answered
	Bytes       int // of answers, not taken by the peer
	Connections int // taken over by a sink, and cut
}

// A Return is a source of answers to what a sink of the same pipeline has sent out, such as the replies of a pool of
// upstream connections. It is stopped after the joints that were declared before it have drained, so declare it after the
// flow that ends in its sink; its Stop waits until nothing is pending.
type Return interface {
	// Pending is how many answers are outstanding.
	Pending() int
}

// A Gauge is one figure of a source or sink beside the counters that every node has.
type Gauge struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Gauged is a source or sink that has figures to show. The instances of a sink that has some show those of all of them: the
// first one is asked. Any goroutine may ask.
type Gauged interface{ Gauges() []Gauge }

// source is a Source without its type.
type source struct {
	prepare func()
	start   func() error
	leave   func(ctx context.Context, most time.Duration)
	stop    func(context.Context)
	close   func(context.Context) Lost
	flush   func(context.Context)
	stuck   bool // of Run: a lane has not come back
	returns bool
	lanes   func() int
}

// From starts a flow at a source.
func (p *Pipeline) From[T any](s Source[T]) *Flow[T] {
	if s == nil {
		p.misuse("From needs a source")
	}
	f := newFlow[T](p, kindSource, s.String())
	var first atomic.Pointer[Inlet[T]] // made before anything starts, so that mistakes show before anything starts
	var lanes laneList
	open := func() *Inlet[T] {
		in := f.inlet(p.newLane(f.n))
		lanes.add(in.ln)
		return in
	}
	_, returns := s.(Return)
	f.n.source = source{
		prepare: func() { first.Store(open()) },
		start: func() error {
			return s.Start(func(wake func()) *Inlet[T] { // may be called from several goroutines at once
				in := first.Swap(nil)
				if in == nil {
					in = p.late(f.n, open)
				}
				in.Lane.Work() // a joint may look at the lane already
				in.Lane.WokenBy(wake)
				in.Lane.Rest()
				return in
			})
		},
		leave:   lanes.leave,
		stop:    s.Stop,
		close:   s.Close,
		returns: returns,
		lanes:   s.Lanes,
		flush: func(ctx context.Context) {
			var flushed sync.WaitGroup
			for _, ln := range lanes.all() {
				flushed.Go(ln.finish)
			}
			f.n.source.stuck = !await(ctx, &flushed)
		},
	}
	if g, ok := s.(Gauged); ok {
		f.n.show(g)
	}
	if v, ok := s.(Served); ok {
		p.services = append(p.services, v.Services()...)
	}
	return f
}

// late makes a lane that a source asks for while it runs. A maker that panics then stops the pipeline, and what still
// reaches the lane costs its connections.
func (p *Pipeline) late[T any](n *node, open func() *Inlet[T]) (in *Inlet[T]) {
	defer func() {
		if r := recover(); r != nil {
			err := fmt.Errorf("%v", r)
			p.fail(err)
			ln := p.newLane(n)
			defer ln.stage.Rest()
			in = &Inlet[T]{Lane: ln.stage, ln: ln, counts: ln.stage.Making(n.id, n.name), next: refusing[T]{err}}
		}
	}()
	return open()
}

// refusing ends the connection of every message.
type refusing[T any] struct{ err error }

func (r refusing[T]) Push(b []*T) {
	for _, m := range b {
		stage.HeadOf(m).Fail(r.err)
	}
}
