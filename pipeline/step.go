package pipeline

import (
	"fmt"
	"time"

	"github.com/leat-io/leat/stage"
)

// A link runs one stage on one lane. What it emits by itself, at a flush or a tick, goes to next.
type link[In, Out any] struct {
	lane   *stage.Lane
	counts *stage.Counts
	stage  stage.Stage[In, Out]
	resume stage.Resumable[Out] // stage, when it is one
	buf    []*Out
	make   stage.Maker[In, Out]
	policy stage.Policy
	next   func([]*Out)
	ln     *lane
}

// process passes a batch through the stage. The batch that it returns may be empty.
func (k *link[In, Out]) process(b []*In) []*Out {
	k.begin(len(b))
	out, err := k.stage.Process(k.buf[:0], b)
	if err != nil || stage.Leakcheck || !stage.SameStart(out, b) && !stage.SameStart(out, k.buf) {
		k.unusual(out, b, err)
	}
	k.counts.Out += uint64(len(out))
	return out
}

func (k *link[In, Out]) begin(n int) {
	c := k.counts
	k.lane.Enter(c)
	c.In += uint64(n)
	c.Batches++
}

// timed is process with a clock.
func (k *link[In, Out]) timed(b []*In) []*Out {
	n, t := len(b), clock()
	out := k.process(b)
	k.counts.Times.Add((clock() - t) / time.Duration(max(n, len(out), 1)))
	return out
}

// unusual is what happens rarely, out of line so that process stays small.
func (k *link[In, Out]) unusual(out []*Out, b []*In, err error) {
	if !stage.SameStart(out, b) && cap(out) > cap(k.buf) { // never a prefix of b, which is the caller's
		k.buf = out[:0]
	}
	if stage.Leakcheck {
		stage.CheckLive(k.lane, out)
	}
	if err != nil {
		k.lane.Failed(err)
		k.failed(fmt.Errorf("%s: %w", k.counts.Node, err))
	}
}

// failed invokes the policy.
func (k *link[In, Out]) failed(err error) {
	switch k.policy {
	case stage.Restart:
		k.restart()
	case stage.Stop:
		k.ln.p.fail(err)
	}
}

// restart replaces the instance. When no new one can be made the pipeline stops, and until it has the node drops what comes:
// the old instance has lost its memory and must not run.
func (k *link[In, Out]) restart() {
	defer func() {
		if r := recover(); r != nil {
			k.stage, k.resume = dropping[In, Out]{}, nil
			k.ln.p.fail(fmt.Errorf("%v", r))
		}
	}()
	k.lane.Remake(k.counts.Node)
	k.instance()
	k.ln.p.applySettings(k.ln)
}

// dropping is a stage that lets nothing pass.
type dropping[In, Out any] struct{}

func (dropping[In, Out]) Process(dst []*Out, _ []*In) ([]*Out, error) { return dst, nil }

// instance makes the stage.
func (k *link[In, Out]) instance() {
	k.stage = k.one()
	k.resume, _ = k.stage.(stage.Resumable[Out])
	if t, ok := k.stage.(stage.Tunable); ok {
		k.ln.params[k.counts.Node] = t.Params()
	}
}

func (k *link[In, Out]) one() stage.Stage[In, Out] {
	defer explain(kindStage, k.counts.Node)
	one := k.make(k.lane)
	if one == nil {
		panic("the maker gave nil")
	}
	return one
}

func (k *link[In, Out]) account() *stage.Counts { return k.counts }

func (k *link[In, Out]) handover() stage.Handover {
	h, _ := k.stage.(stage.Handover)
	return h
}

func (k *link[In, Out]) flush() {
	f, ok := k.stage.(stage.Flusher[Out])
	if !ok {
		return
	}
	k.lane.Enter(k.counts)
	out := f.Flush(k.buf[:0])
	k.buf = out[:0]
	k.emit(out)
}

func (k *link[In, Out]) leave() int {
	l, ok := k.stage.(stage.Leaver)
	if !ok { // a restart has put another in its place
		return 0
	}
	k.lane.Enter(k.counts)
	return l.Leave()
}

func (k *link[In, Out]) tick(now time.Time) time.Time {
	t, ok := k.stage.(stage.Ticker[Out])
	if !ok {
		return time.Time{}
	}
	k.lane.Enter(k.counts)
	out, next := t.Tick(k.buf[:0], now)
	k.buf = out[:0]
	k.emit(out)
	return next
}

func (k *link[In, Out]) emit(out []*Out) {
	if len(out) > 0 {
		k.counts.Out += uint64(len(out))
		k.next(out)
	}
}

// A step is a stage that changes the type of messages, or the last of a chain.
type step[In, Out any] struct {
	link[In, Out]
	to stage.Sink[Out]
}

func (s *step[In, Out]) Push(b []*In) {
	var out []*Out
	if s.ln.sampling {
		out = s.timed(b)
	} else {
		out = s.process(b)
	}
	if len(out) > 0 {
		s.to.Push(out)
	}
}

// newStep makes what consumes a flow with a stage on one lane.
func newStep[In, Out any](ln *lane, out *Flow[Out], mk stage.Maker[In, Out], policy stage.Policy) stage.Sink[In] {
	s := &step[In, Out]{link: link[In, Out]{lane: ln.stage, ln: ln, make: mk, policy: policy, counts: ln.stage.Making(out.n.id, out.n.name)}}
	k := &s.link
	k.instance()
	s.to = out.sink(ln)
	k.next = s.to.Push
	ln.failures[out.n.name] = k.failed
	if _, ok := k.stage.(stage.Flusher[Out]); ok || k.handover() != nil {
		ln.holders = append(ln.holders, k)
	}
	if _, ok := k.stage.(stage.Leaver); ok {
		ln.leavers = append(ln.leavers, k.leave)
	}
	if _, ok := k.stage.(stage.Ticker[Out]); ok {
		ln.tickers = append(ln.tickers, &ticker{node: out.n.id, tick: k.tick})
	}
	same, ok := any(k).(*link[Out, Out])
	if !ok {
		return s
	}
	c, ok := s.to.(*chain[Out])
	if !ok {
		c = &chain[Out]{ln: ln, to: s.to}
	}
	return any(c.prepend(same)).(stage.Sink[In])
}
