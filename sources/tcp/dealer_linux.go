package tcp

import (
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// A dealer is one loop of an Acceptor, with its lane. Whoever takes connections over serves them on the same loop.
type dealer struct {
	engine   *dealing
	epoll    *reactor.Epoll
	events   *reactor.Loop
	inlet    *pipeline.Inlet[stage.Accepted]
	messages *stage.Arena[stage.Accepted]
	live     atomic.Int32 // connections that it was given and that have not ended

	arrived  []*arrival // not pushed yet
	openings openings   // those that are not in arrived yet
	early    early
	spare    spares
	batch    []*stage.Accepted
	phase    phase
	over     bool          // nothing is pushed any more
	dealt    chan struct{} // closed when that is so
}

func newDealer(d *dealing, p *reactor.Epoll) *dealer {
	l := &dealer{engine: d, epoll: p, events: reactor.New(p), dealt: make(chan struct{})}
	l.events.Carry(l)
	l.openings.init(l, d.limits.FirstMessage)
	return l
}

// carry gives the loop its lane.
func (l *dealer) carry(in *pipeline.Inlet[stage.Accepted]) {
	l.inlet, l.messages = in, stage.NewArena[stage.Accepted](in.Lane)
	l.events.Shared = in.Crosses()
	in.Lane.HostedBy(l.events)
}

func (l *dealer) run() {
	if err := l.events.Run(); err != nil {
		l.engine.complain(err)
	}
}

func (l *dealer) enter(p phase) { l.events.Post(dealerPhase{l, p}) }

// A dealerPhase is a task of the loop: it enters a phase.
type dealerPhase struct {
	*dealer
	phase phase
}

// Run implements reactor.Task.
func (e dealerPhase) Run() { e.dealer.phase = max(e.dealer.phase, e.phase) }

// Turn implements reactor.Rider.
func (l *dealer) Turn() (more bool) {
	if l == l.engine.dealers[0] {
		more = l.engine.acceptor.turn()
	}
	if l.inlet.Stalled() && !l.over {
		l.inlet.Retry()
	}
	l.openings.turn()
	if l.phase >= stopping {
		l.openings.stop()
	}
	if len(l.arrived) > 0 && !l.inlet.Stalled() {
		l.push()
	}
	if due := l.inlet.Due(); !due.IsZero() && !l.over && !time.Now().Before(due) {
		l.inlet.Tick(time.Now())
	}
	if l.phase >= stopping {
		l.settle()
	}
	return more
}

// push lets the lane have what has arrived.
func (l *dealer) push() {
	for _, c := range l.arrived {
		if l.over {
			l.early.release(c)
			c.Fail(stage.ErrStopped)
			continue
		}
		l.batch = append(l.batch, c.message(l.messages.New()))
		l.early.release(c)
	}
	if len(l.batch) > 0 {
		l.inlet.Lane.Opened(len(l.batch))
		l.inlet.Push(l.batch)
		clear(l.batch)
		l.batch = l.batch[:0]
	}
	if !l.inlet.Crosses() && l.inlet.Lane.KeepsNone() { // so nobody has a message of theirs any more
		l.spare.add(l.arrived)
	}
	clear(l.arrived)
	l.arrived = l.arrived[:0]
}

// turnAway closes a connection that has not become a message.
func (l *dealer) turnAway(c *arrival, reason error) {
	l.early.release(c)
	c.Fail(reason)
	l.spare.add([]*arrival{c})
}

// settle moves on when this phase is done.
func (l *dealer) settle() {
	if !l.over && (l.phase >= abandoned || len(l.arrived) == 0 && !l.inlet.Stalled()) {
		l.over = true
		close(l.dealt)
	}
	if l.over && len(l.arrived) > 0 {
		l.push()
	}
	if l.phase == closing {
		l.events.Close()
	}
}

// Due implements reactor.Rider.
func (l *dealer) Due() (due time.Time) {
	if !l.over {
		due = l.inlet.Due()
	}
	if l == l.engine.dealers[0] {
		due = stage.Sooner(due, l.engine.acceptor.at)
	}
	return stage.Sooner(due, l.openings.due())
}

// Rest implements reactor.Rider.
func (l *dealer) Rest() { l.inlet.Lane.Rest() }

// Work implements reactor.Rider.
func (l *dealer) Work() { l.inlet.Lane.Work() }
