package stage

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Lane is one goroutine's worth of fused stages, with everything they share: the memory of their messages, the outbox of
// their answers, their counters. All methods are for the goroutine that runs the lane, except [Lane.Call].
type Lane struct {
	Name  string
	Index int // among all lanes of the pipeline

	report   func(node string, err error)
	blocks   string // the first stage that may block, by node
	hostless string // the first sink that needs a host, by node
	making   string // the node whose stage is being made

	batch   uint32 // counts the batches of the lane
	asOf    uint32 // the batch in which the clock was read
	now     time.Time
	opened  int // tickets that messages of this batch own
	arenas  []owned[arena]
	slabs   slabs
	held    []hold  // references to give back when the batch has left
	taken   []*Head // messages of this batch that lie in no arena of the lane
	ends    []owned[func()]
	remade  bool // some arenas belong to instances that were replaced
	outbox  *Outbox
	kept    keepers
	carrier carrier

	cur    int // index in counts of the node that runs; an index, so that to set it needs no write barrier
	counts []*Counts

	suspected atomic.Bool  // whoever has held the lane is to be named
	since     atomic.Int64 // when that began, in nanoseconds of Unix time

	working sync.Mutex // held while the lane works, free while it rests
	asked   atomic.Bool
	callMu  sync.Mutex
	calls   []func() // guarded by callMu
}

// NewLane makes a lane that rests. Pipelines make the lanes of an assembly; package stagetest makes one to try a stage on.
// report is told of every panic in a stage, with the node's name; it may be nil.
func NewLane(name string, index int, report func(node string, err error)) *Lane {
	l := &Lane{Name: name, Index: index, report: report, batch: 1}
	l.counts = []*Counts{{Node: name}} // for what happens outside of all nodes
	l.slabs.lane = l
	l.kept.init()
	return l
}

// OnEnd registers what a sink does once a batch has passed through all stages, before its messages are taken back and
// before the answers of the batch are written.
func (l *Lane) OnEnd(f func()) { l.ends = append(l.ends, owned[func()]{it: f, node: l.making}) }

// owned is something that an instance of a node has registered.
type owned[T any] struct {
	it   T
	node string
	old  bool // the instance has been replaced
}

// Remake prepares the lane to replace the instance of a node: what the old one registered goes, at the end of the batch at
// the latest, and what it has kept is void.
func (l *Lane) Remake(node string) {
	l.making = node
	l.DropKept(node)
	for i := range l.arenas {
		l.arenas[i].old = l.arenas[i].old || l.arenas[i].node == node
	}
	l.remade = true
	of := func(e owned[func()]) bool { return e.node == node }
	l.ends = slices.DeleteFunc(l.ends, of)
	l.carrier.retries = slices.DeleteFunc(l.carrier.retries, of)
	l.carrier.hosted = slices.DeleteFunc(l.carrier.hosted, of)
}

// Opened tells the lane that n messages of this batch were given tickets.
func (l *Lane) Opened(n int) { l.opened += n }

// End is the moment when a batch leaves the lane: sinks do what they do once per batch, answers are written, tickets that
// nobody answered become void, and every message is taken back.
func (l *Lane) End() {
	if l.suspected.Load() {
		l.confess()
	}
	if len(l.ends) > 0 {
		l.runEnds()
	}
	if l.outbox != nil && (len(l.outbox.due) > 0 || len(l.outbox.cork.conns) > 0) {
		l.outbox.Flush()
	}
	if l.opened != 0 {
		l.Each((*Head).void)
		l.opened = 0
	}
	for i := range l.arenas {
		l.arenas[i].it.reset(l)
	}
	if l.remade {
		l.arenas = slices.DeleteFunc(l.arenas, func(a owned[arena]) bool { return a.old })
		l.remade = false
	}
	if len(l.taken) > 0 {
		l.giveBack()
	}
	l.batch++
	l.slabs.rewind()
	if l.asked.Load() {
		l.answer()
	}
}

// runEnds lets sinks finish the batch. One that panics ends the connections of the batch; the others go on.
func (l *Lane) runEnds() {
	for i := 0; i < len(l.ends); {
		i = l.endsFrom(i)
	}
}

// endsFrom calls what was registered until one panics; it returns where to go on.
func (l *Lane) endsFrom(i int) (next int) {
	defer func() {
		if r := recover(); r != nil {
			l.cur = max(0, slices.IndexFunc(l.counts, func(c *Counts) bool { return c.Node == l.ends[i].node }))
			_ = l.PanickedAll(r) // reported; sinks have no policy
			next = i + 1
		}
	}()
	for ; i < len(l.ends); i++ {
		l.ends[i].it()
	}
	return i
}

// Each calls f with the head of every message of this batch that the lane can still reach.
func (l *Lane) Each(f func(*Head)) {
	for i := range l.arenas {
		l.arenas[i].it.each(f)
	}
	for _, h := range l.taken {
		f(h)
	}
}

// Panicked counts and reports a panic of the node that runs, and ends the connection of the message that caused it.
func (l *Lane) Panicked(value any, h *Head) {
	from := ""
	if h.conn != nil {
		from = ", over a message of " + h.conn.Peer()
	}
	err := l.panicError(value, from)
	h.Fail(err)
}

// PanickedAll is Panicked for a panic that cannot be blamed on one message: it ends the connections of the whole batch.
func (l *Lane) PanickedAll(value any) error {
	err := l.panicError(value, "")
	l.Each(func(h *Head) { h.Fail(err) })
	return err
}

func (l *Lane) panicError(value any, from string) error {
	c := l.counts[l.cur]
	c.Panics++
	err := fmt.Errorf("%s: %w%s: %v", c.Node, ErrPanic, from, value)
	if l.report != nil {
		l.report(c.Node, err)
	}
	return err
}

// Failed counts and reports an error of the node that runs.
func (l *Lane) Failed(err error) {
	c := l.counts[l.cur]
	c.Errors++
	if l.report != nil {
		l.report(c.Node, fmt.Errorf("%s: %w", c.Node, err))
	}
}

// Batch returns the number of the batch that runs. What was in use in a batch of another number has been taken back.
func (l *Lane) Batch() uint32 { return l.batch }

// Now is the time, read at most once in a batch.
func (l *Lane) Now() time.Time {
	if l.asOf != l.batch {
		l.now, l.asOf = time.Now(), l.batch
	}
	return l.now
}

// Work and Rest bracket what a lane does. A lane rests when it waits for input; then readers of its counters and
// parameters need not wait for it.
func (l *Lane) Work() {
	l.working.Lock()
	l.asOf = l.batch - 1 // it may have rested for long
}

// Rest ends what Work began.
func (l *Lane) Rest() {
	l.working.Unlock()
	l.serve()
}

// serve runs the calls that wait, unless somebody holds the lock. Whoever lets go of the lock looks again: a call that came
// meanwhile has set the flag before it tried the lock, so one of the two sees the other.
func (l *Lane) serve() {
	for l.asked.Load() && l.working.TryLock() {
		l.answer()
		l.Uncork() // they may have answered something, and the lane goes on resting
		l.working.Unlock()
	}
}

// Call runs f between two batches: on the caller's goroutine when the lane rests, or else on the lane when its batch has
// ended. The channel is closed when f has run. A panic in f is reported on the account of the lane.
func (l *Lane) Call(f func()) (done <-chan struct{}) {
	ran := make(chan struct{})
	l.callMu.Lock()
	l.calls = append(l.calls, func() {
		defer close(ran)
		l.contained(f)
	})
	l.asked.Store(true)
	l.callMu.Unlock()
	l.serve()
	return ran
}

// contained runs f outside of all nodes. A panic must not leave the lane locked, or end a batch that has no part in it.
func (l *Lane) contained(f func()) {
	defer func(cur int) {
		if r := recover(); r != nil {
			_ = l.panicError(r, "")
		}
		l.cur = cur
	}(l.cur)
	l.cur = 0
	f()
}

// answer runs the calls that wait. The caller holds working.
func (l *Lane) answer() {
	l.callMu.Lock()
	calls := l.calls
	l.calls = nil
	l.asked.Store(false)
	l.callMu.Unlock()
	for _, f := range calls {
		f()
	}
}

// MayBlock marks the lane as one that runs a stage which may wait. Makers call it.
func (l *Lane) MayBlock() {
	if l.blocks == "" {
		l.blocks = l.making
	}
}

// NeedHost marks the lane as one of which a sink is to be run by the thread of a source, as its host. Makers call it.
func (l *Lane) NeedHost() {
	if l.hostless == "" {
		l.hostless = l.making
	}
}

// NeedsHost returns the node of the first sink that needs a host, or "".
func (l *Lane) NeedsHost() string { return l.hostless }

// Blocks returns the node of the first stage that may block, or "".
func (l *Lane) Blocks() string { return l.blocks }
