package pipeline

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/stage"
)

// A lane is a stage.Lane with what the pipeline runs on it.
type lane struct {
	stage *stage.Lane
	p     *Pipeline
	node  *node // the source or joint that it belongs to

	merges map[*node]any // the entrance of each merge

	stopped  bool     // so has its source: it may wait like any other
	exits    []exit   // to the queues behind the lane
	fixed    bool     // one of those queues is queue.Laned
	holders  []holder // in flow order once made
	tickers  []*ticker
	leavers  []func() int
	next     time.Time // when the next ticker is due
	failures map[string]func(error)
	params   map[string][]stage.Param

	sampling  bool // the batch that runs is timed
	countdown int  // batches until one is timed
	every     int  // batches between two that are timed
	timedAt   time.Duration

	snapMu  sync.Mutex
	snap    []stage.Counts // guarded by snapMu
	values  []ParamValue   // guarded by snapMu
	heats   []nodeHeat     // guarded by snapMu
	losses  []loss         // guarded by snapMu
	asked   chan struct{}  // guarded by snapMu: closed when the snapshot that is on its way has been taken
	working atomic.Int32   // messages of a joint's batch that are inside the lane

	// Of a lane behind a joint:
	place int         // among the lanes of the joint
	spare atomic.Bool // it has no part of the flow now
	idle  func()      // to be called once when nothing is queued
	since uint64      // guarded by snapMu: messages it had taken when the number of lanes changed
}

// An exit is a divider without its type.
type exit interface {
	retry()
	unpopped() int
	heatOf() (node int, h *heat)
	losses(to []loss) []loss
}

// A holder is a stage that can hold messages or state from one batch to the next.
type holder interface {
	account() *stage.Counts
	flush()
	handover() stage.Handover // nil for a stage that is none
}

type ticker struct {
	node int
	next time.Time
	tick func(now time.Time) (next time.Time)
}

// laneList is the lanes of one source or joint.
type laneList struct {
	mu    sync.Mutex
	lanes []*lane
}

func (l *laneList) add(ln *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lanes = append(l.lanes, ln)
}

func (l *laneList) all() []*lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lanes)
}

// newLane makes a lane that works, so that nobody looks into it before it is complete: whoever makes it lets it rest then.
func (p *Pipeline) newLane(n *node) *lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := len(p.lanes)
	ln := &lane{
		stage:    stage.NewLane(fmt.Sprintf("%s#%d", n.name, i), i, p.reports.report),
		p:        p,
		node:     n,
		merges:   map[*node]any{},
		failures: map[string]func(error){},
		params:   map[string][]stage.Param{},
	}
	ln.stage.Work()
	p.lanes = append(p.lanes, ln)
	return ln
}

// made is called when all sinks of the lane exist.
func (ln *lane) made() {
	slices.SortStableFunc(ln.holders, func(a, b holder) int { return a.account().ID - b.account().ID })
	slices.SortStableFunc(ln.tickers, func(a, b *ticker) int { return a.node - b.node })
	ln.next = time.Time{}
	if len(ln.tickers) > 0 {
		ln.next = time.Now()
	}
	ln.p.applySettings(ln)
	ln.snapMu.Lock()
	defer ln.snapMu.Unlock()
	ln.look() // so that it is seen although it may be stuck in its first batch
}

// guarded runs f and contains its panic: it costs the connections of the batch, and is a failure of the node.
func (ln *lane) guarded(f func()) {
	defer func() {
		if r := recover(); r != nil {
			ln.panicked(r)
		}
	}()
	f()
}

func (ln *lane) panicked(r any) {
	where := ln.stage.Where()
	err := ln.stage.PanickedAll(r)
	if fail := ln.failures[where]; fail != nil {
		ln.guarded(func() { fail(err) })
	}
}

// mayWait says whether the lane may wait for room in a queue.
func (ln *lane) mayWait() bool { return ln.stopped || ln.stage.Patient() }

// finish flushes the lane of a source that has stopped. It may wait then like any other lane, and tickers end.
func (ln *lane) finish() {
	<-ln.stage.Call(func() { // not between Work and Rest: a test in virtual time would not see that a stuck lane is waited for
		ln.stopped = true
		ln.flush()
		ln.tickers, ln.next = nil, time.Time{}
	})
}

// flush lets every stage emit what it holds, in flow order.
func (ln *lane) flush() {
	for _, h := range ln.holders {
		ln.guarded(h.flush)
	}
	ln.stage.End()
}

// whenIdle has f called on the lane, between two batches, when nothing is queued for it. The lane calls it when it next
// finds its queue empty, unless it rests before an empty one now. Nobody pushes meanwhile.
func (ln *lane) whenIdle(queued func() int, f func()) {
	go ln.stage.Call(func() {
		if queued() == 0 {
			f()
		} else {
			ln.idle = f
		}
	})
}

func (ln *lane) idled() {
	if f := ln.idle; f != nil {
		ln.idle = nil
		f()
	}
}

// tick calls the tickers that are due. On a lane that is stalled it is put off: what they emit would pile up without bound,
// and a source that stops would never be done with it.
func (ln *lane) tick(now time.Time) {
	if ln.stage.Stalled() {
		ln.next = now
		return
	}
	ln.next = time.Time{}
	ran := false
	for _, t := range ln.tickers {
		if t.next.IsZero() || !now.Before(t.next) {
			t.next = time.Time{}
			ln.guarded(func() { t.next = t.tick(now) })
			ran = true
		}
		ln.next = stage.Sooner(ln.next, t.next)
	}
	if ran {
		ln.stage.End()
	}
}
