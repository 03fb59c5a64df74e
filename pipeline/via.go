package pipeline

import (
	"time"

	"github.com/leat-io/leat/stage"
)

// Via passes a flow through a stage, on the lane it is already on.
func (f *Flow[In]) Via[Out any](name string, mk stage.Maker[In, Out], opts ...stage.Option) *Flow[Out] {
	if mk == nil {
		f.p.misuse("Via %q needs a stage", name)
	}
	var o stage.Options
	for _, opt := range opts {
		opt(&o)
	}
	out := newFlow[Out](f.p, kindStage, name)
	if o.OnError != stage.Resume {
		out.n.note = "on error " + o.OnError.String()
	}
	f.use(out.n, func(ln *lane) stage.Sink[In] { return newStep(ln, out, mk, o.OnError) })
	return out
}

// A step runs one stage on one lane.
type step[In, Out any] struct {
	lane   *stage.Lane
	counts *stage.Counts
	stage  stage.Stage[In, Out]
	next   stage.Sink[Out]
	buf    []*Out
	ln     *lane
	make   stage.Maker[In, Out]
	policy stage.Policy
}

func newStep[In, Out any](ln *lane, out *Flow[Out], mk stage.Maker[In, Out], policy stage.Policy) *step[In, Out] {
	s := &step[In, Out]{lane: ln.stage, ln: ln, make: mk, policy: policy}
	s.counts = ln.stage.Making(out.n.id, out.n.name)
	s.instance()
	s.next = out.sink(ln)
	ln.failures[out.n.name] = s.failed
	if _, ok := s.stage.(stage.Flusher[Out]); ok {
		ln.flushes = append(ln.flushes, flusher{out.n.id, s.flush})
	}
	if _, ok := s.stage.(stage.Ticker[Out]); ok {
		ln.tickers = append(ln.tickers, &ticker{node: out.n.id, tick: s.tick})
	}
	return s
}

// instance makes the stage.
func (s *step[In, Out]) instance() {
	s.stage = s.make(s.lane)
	if s.stage == nil {
		s.ln.p.misuse("the maker of %q made no stage", s.counts.Node)
	}
	if t, ok := s.stage.(stage.Tunable); ok {
		s.ln.params[s.counts.Node] = t.Params()
	}
}

func (s *step[In, Out]) Push(b []*In) {
	c := s.counts
	s.lane.Enter(c)
	c.In += uint64(len(b))
	c.Batches++
	if s.ln.sampling {
		s.timed(b)
		return
	}
	out, err := s.stage.Process(s.buf[:0], b)
	if err != nil || stage.Leakcheck || !stage.SameStart(out, b) && !stage.SameStart(out, s.buf) {
		s.unusual(out, b, err)
	}
	if len(out) > 0 {
		c.Out += uint64(len(out))
		s.next.Push(out)
	}
}

// timed is Push with a clock.
func (s *step[In, Out]) timed(b []*In) {
	n := len(b)
	t := time.Now()
	out, err := s.stage.Process(s.buf[:0], b)
	s.counts.Times.Add(time.Since(t) / time.Duration(max(n, len(out), 1)))
	s.unusual(out, b, err)
	s.emit(out)
}

// unusual is what happens rarely, out of line so that Push stays small.
func (s *step[In, Out]) unusual(out []*Out, b []*In, err error) {
	if !stage.SameStart(out, b) && cap(out) > cap(s.buf) { // never a prefix of b, which is the caller's
		s.buf = out[:0]
	}
	if stage.Leakcheck {
		stage.CheckLive(s.lane, out)
	}
	if err != nil {
		s.lane.Failed(err)
		s.failed(err)
	}
}

func (s *step[In, Out]) emit(out []*Out) {
	if len(out) > 0 {
		s.counts.Out += uint64(len(out))
		s.next.Push(out)
	}
}

// failed invokes the policy.
func (s *step[In, Out]) failed(err error) {
	switch s.policy {
	case stage.Restart:
		s.lane.Remake(s.counts.Node)
		s.instance()
		s.ln.p.applySettings(s.ln)
	case stage.Stop:
		s.ln.p.fail(err)
	}
}

func (s *step[In, Out]) flush() {
	s.lane.Enter(s.counts)
	out := s.stage.(stage.Flusher[Out]).Flush(s.buf[:0])
	s.buf = out[:0]
	s.emit(out)
}

func (s *step[In, Out]) tick(now time.Time) time.Time {
	s.lane.Enter(s.counts)
	out, next := s.stage.(stage.Ticker[Out]).Tick(s.buf[:0], now)
	s.buf = out[:0]
	s.emit(out)
	return next
}

// To ends a flow in a sink.
func (f *Flow[T]) To(name string, mk stage.SinkMaker[T]) {
	if mk == nil {
		f.p.misuse("To %q needs a sink", name)
	}
	n := f.p.add(kindSink, name)
	n.used = true
	f.use(n, func(ln *lane) stage.Sink[T] {
		e := &end[T]{lane: ln.stage, ln: ln, counts: ln.stage.Making(n.id, name)}
		if e.sink = mk(ln.stage); e.sink == nil {
			f.p.misuse("the maker of %q made no sink", name)
		}
		if t, ok := e.sink.(stage.Tunable); ok {
			ln.params[name] = t.Params()
		}
		return e
	})
}

// An end runs one sink on one lane.
type end[T any] struct {
	lane   *stage.Lane
	counts *stage.Counts
	sink   stage.Sink[T]
	ln     *lane
}

func (e *end[T]) Push(b []*T) {
	e.lane.Enter(e.counts)
	e.counts.In += uint64(len(b))
	e.counts.Batches++
	if e.ln.sampling {
		n := len(b)
		t := time.Now()
		e.sink.Push(b)
		e.counts.Times.Add(time.Since(t) / time.Duration(max(n, 1)))
		return
	}
	e.sink.Push(b)
}
