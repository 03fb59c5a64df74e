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

// To ends a flow in a sink.
func (f *Flow[T]) To(name string, mk stage.SinkMaker[T]) {
	if mk == nil {
		f.p.misuse("To %q needs a sink", name)
	}
	n := f.p.add(kindSink, name)
	n.used = true
	f.use(n, func(ln *lane) stage.Sink[T] {
		e := &end[T]{lane: ln.stage, ln: ln, counts: ln.stage.Making(n.id, name)}
		e.make(mk)
		if t, ok := e.sink.(stage.Tunable); ok {
			ln.params[name] = t.Params()
		}
		if g, ok := e.sink.(Gauged); ok {
			n.show(g)
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

func (e *end[T]) make(mk stage.SinkMaker[T]) {
	defer explain(kindSink, e.counts.Node)
	if e.sink = mk(e.lane); e.sink == nil {
		panic("the maker gave nil")
	}
}

func (e *end[T]) Push(b []*T) {
	e.lane.Enter(e.counts)
	e.counts.In += uint64(len(b))
	e.counts.Batches++
	if e.ln.sampling {
		n, t := len(b), clock()
		e.sink.Push(b)
		e.counts.Times.Add((clock() - t) / time.Duration(max(n, 1)))
		return
	}
	e.sink.Push(b)
}
