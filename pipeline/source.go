package pipeline

import (
	"context"
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
	// Push has returned and no inlet is stalled, or when ctx ends.
	Stop(ctx context.Context)

	// Close flushes what waits to be written, closes the connections, and returns when everything the source has
	// started has ended. When ctx ends it closes by force. It says what was lost.
	Close(ctx context.Context) Lost
}

// Lost is what a source could not deliver.
type Lost struct {
	Requests int // accepted and not answered
	Bytes    int // of answers, not taken by the peer
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

// Gauged is a source that has figures to show.
type Gauged interface{ Gauges() []Gauge }

// A Service is work beside the data, such as the sweep of timeouts or a health checker. It has a goroutine of its own from
// the start of the pipeline to its end, and no lane.
type Service struct {
	Name string
	Run  func(ctx context.Context)
}

// Served is a source that needs services.
type Served interface{ Services() []Service }

// Beside adds a service to the pipeline.
func (p *Pipeline) Beside(s Service) { p.services = append(p.services, s) }

// source is a Source without its type.
type source struct {
	prepare func()
	start   func() error
	stop    func(context.Context)
	close   func(context.Context) Lost
	flush   func()
	returns bool
	lanes   func() int
}

// From starts a flow at a source.
func (p *Pipeline) From[T any](s Source[T]) *Flow[T] {
	if s == nil {
		p.misuse("From needs a source")
	}
	f := newFlow[T](p, kindSource, s.String())
	var first *Inlet[T] // made before anything starts, so that mistakes show before anything starts
	var lanes laneList
	open := func() *Inlet[T] {
		in := f.inlet(p.newLane(f.n))
		lanes.add(in.ln)
		return in
	}
	_, returns := s.(Return)
	f.n.source = source{
		prepare: func() { first = open() },
		start: func() error {
			return s.Start(func(wake func()) *Inlet[T] {
				in := first
				if first = nil; in == nil {
					in = open()
				}
				in.ln.wake = wake
				return in
			})
		},
		stop:    s.Stop,
		close:   s.Close,
		returns: returns,
		lanes:   s.Lanes,
		flush: func() {
			for _, ln := range lanes.all() {
				ln.stage.Work()
				ln.patient = true
				ln.flush()
				ln.stage.Rest()
			}
		},
	}
	if g, ok := s.(Gauged); ok {
		f.n.gauges = g.Gauges
	}
	if v, ok := s.(Served); ok {
		p.services = append(p.services, v.Services()...)
	}
	return f
}
