package tcp

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/internal/peers"
	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// A loop is one lane on one thread, with the connections that it reads.
type loop struct {
	engine   *reactors
	feed     feed
	events   *reactor.Loop
	inlet    *pipeline.Inlet[stage.Segment]
	segments *stage.Arena[stage.Segment]
	live     atomic.Int32 // connections that it was given and has not closed
	hold     peers.Hold   // of all its connections: they wait for the same lane

	batch   []*stage.Segment // not pushed yet
	bytes   int              // in batch
	turn    []*link          // whose segments those are
	again   []*link          // to look at in the next turn
	spare   []*link          // what again was
	held    []*link          // to look at when the lane is no longer stalled
	limited []*link          // of which what had arrived at the stop may not all have been pushed
	waiting []*link          // lingering, the longest first
	began   []time.Time      // when each of those began
	scratch []byte           // for what is read and thrown away
	shaking int              // connections whose handshake of TLS has not ended

	phase   phase
	readAll chan struct{} // closed when nothing more is read or pushed
	over    bool          // it is closed
}

// A phase is how far the end of the source has come.
type phase uint8

const (
	reading   phase = iota
	stopping        // what had arrived is still read
	abandoned       // reading ends now
	closing         // connections end as they are answered, and then the loop
)

// A feed is how a loop comes by connections and bytes. Its methods are called on the loop, or before it runs, but for room.
type feed interface {
	// link is a connection that the loop is going to join. Any loop may call it.
	link() *link

	ear

	// join begins to read a connection. At a stop, arrived sets the quota to what has arrived, at once or when that is known.
	join(c *link)
	arrived(c *link)
	// read pushes what there is to read of a connection, at most once, and discard throws it away; both keep unread.
	read(c *link)
	discard(c *link)
	// room has Writable called from now on whenever there is room to write. The connection's lock is held.
	room(c *link)
	// detach lets go of a descriptor, of a connection that is closed, and calls the loop's release when it can be closed.
	detach(c *link, fd int)
}

func newLoop(r *reactors) *loop {
	return &loop{engine: r, readAll: make(chan struct{})}
}

// runOn makes the loop one over a kernel's part.
func (l *loop) runOn(k reactor.Kernel, f feed) {
	l.feed, l.events = f, reactor.New(k)
	l.events.Carry(l)
}

// carry gives the loop its lane.
func (l *loop) carry(in *pipeline.Inlet[stage.Segment]) {
	l.inlet, l.segments = in, stage.NewArena[stage.Segment](in.Lane)
	l.events.Shared = in.Crosses()
	in.Lane.HostedBy(l.events)
}

// wakeAll implements ear.
func (l *loop) wakeAll() {
	for _, o := range l.engine.loops {
		o.events.Wake()
	}
}

func (l *loop) run() {
	if err := l.events.Run(); err != nil {
		l.engine.complain(err)
	}
}

// An entrance into a phase is a task of the loop.
type entrance struct {
	*loop
	phase phase
}

func (l *loop) enter(p phase) { l.events.Post(entrance{l, p}) }

// Run implements reactor.Task.
func (e entrance) Run() {
	l := e.loop
	if e.phase <= l.phase {
		return
	}
	l.phase = e.phase
	if e.phase == stopping {
		for _, c := range l.links() {
			l.limit(c)
		}
	}
}

// links are the connections of the loop that are open.
func (l *loop) links() (all []*link) {
	for _, c := range l.engine.table.Open() {
		if c := linkOf(c); c.loop == l && !c.is.has(closed) {
			all = append(all, c)
		}
	}
	return all
}

// Turn implements reactor.Rider.
func (l *loop) Turn() (more bool) {
	if l == l.engine.loops[0] && l.engine.acceptor.turn() {
		more = true
	}
	l.retry()
	l.again, l.spare = l.spare[:0], l.again
	for i, c := range l.spare {
		c.is.set(listed, false)
		l.look(c)
		l.spare[i] = nil
	}
	l.push()
	if !l.inlet.Stalled() {
		l.hold.Again(&l.engine.table) // also when nobody has sent anything: all have been looked at
	}
	if due := l.inlet.Due(); !due.IsZero() && !l.over && !time.Now().Before(due) {
		l.inlet.Tick(time.Now())
	}
	if len(l.waiting) > 0 {
		l.expire()
	}
	more = more || len(l.again) > 0
	if l.phase >= abandoned || l.phase == stopping && !more {
		l.settle()
	}
	return more
}

// Due implements reactor.Rider.
func (l *loop) Due() (due time.Time) {
	if !l.over {
		due = l.inlet.Due()
	}
	if l == l.engine.loops[0] {
		due = stage.Sooner(due, l.engine.acceptor.at)
	}
	if len(l.waiting) > 0 {
		due = stage.Sooner(due, l.began[0].Add(lingerTime))
	}
	return due
}

// Rest implements reactor.Rider.
func (l *loop) Rest() {
	if !l.inlet.Stalled() {
		l.hold.End(&l.engine.table)
	}
	l.inlet.Lane.Rest()
}

// Work implements reactor.Rider.
func (l *loop) Work() {
	if !l.inlet.Stalled() {
		l.hold.Begin(&l.engine.table)
	}
	l.inlet.Lane.Work()
}

// retry pushes what waits in the lane. When all of it has gone the connections that were not read are looked at again.
func (l *loop) retry() {
	if l.inlet.Stalled() && !l.over {
		l.inlet.Retry()
	}
	if len(l.held) > 0 && !l.inlet.Stalled() {
		l.again = append(l.again, l.held...)
		clear(l.held)
		l.held = l.held[:0]
	}
}

// push lets the lane work on what was read.
func (l *loop) push() {
	if len(l.batch) == 0 {
		return
	}
	l.inlet.Push(l.batch)
	l.batch, l.bytes = l.batch[:0], 0
	for i, c := range l.turn {
		c.is.set(pushed, false)
		if !c.is.has(closed) && !c.Halted() && (c.Reading.Stopped || c.is.has(unread)) {
			l.repeat(c)
		}
		l.turn[i] = nil
	}
	l.turn = l.turn[:0]
}

// settle moves on when this phase is done.
func (l *loop) settle() {
	if !l.over && (l.phase >= abandoned || l.done()) {
		l.over = true
		close(l.readAll)
	}
	if l.phase == closing && l.live.Load() == 0 && l.engine.acceptor.done() {
		l.events.Close()
	}
}

// done says whether everything that had arrived at the stop has been pushed.
func (l *loop) done() bool {
	if l.inlet.Stalled() || len(l.held) > 0 {
		return false
	}
	for n := len(l.limited); n > 0; n-- {
		if c := l.limited[n-1]; (c.quota != 0 || c.Reading.Stopped) && !c.Dead() && !c.Finishing() {
			return false
		}
		l.limited = l.limited[:n-1] // nothing of it will be read or decoded any more
	}
	return true
}

// expire closes connections that have lingered for as long as they may.
func (l *loop) expire() {
	now := time.Now()
	n := 0
	for n < len(l.waiting) && (l.waiting[n].is.has(closed) || now.Sub(l.began[n]) >= lingerTime) {
		l.close(l.waiting[n])
		n++
	}
	l.waiting, l.began = slices.Delete(l.waiting, 0, n), slices.Delete(l.began, 0, n)
}
