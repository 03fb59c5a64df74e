package tcp

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// lanes is the set from which reads borrow. The lane that was used last is lent first, because its memory is in a cache. When
// a queue behind them keeps the order of each lane alone the lanes are fixed: each connection has one of a few for life.
type lanes struct {
	open  func() *pipeline.Inlet[stage.Segment]
	first *stage.Lane
	max   int
	fixed bool
	kick  chan struct{} // tells tick that a lane is due sooner than it thinks
	turn  chan struct{} // full while tick is at work, and for good when the source has stopped
	line  line          // for any lane; fixed ones have each their own

	mu    sync.Mutex
	free  []*lane   // guarded by mu
	made  int       // guarded by mu
	bound []*lane   // guarded by mu: all that have been made, when they are fixed
	next  time.Time // guarded by mu: when tick will look, or zero
}

// A line is those who wait for a lane, in the order in which they came.
type line struct {
	wanted  atomic.Bool  // mirrors that somebody is in line
	waiting []chan *lane // guarded by lanes.mu
}

// A lane is an inlet and what reads into it.
type lane struct {
	inlet    *pipeline.Inlet[stage.Segment]
	segments *stage.Arena[stage.Segment]
	one      [1]*stage.Segment
	line     *line
	conns    int // guarded by lanes.mu: that have this lane for life
}

// fixedLanes is how many fixed lanes there are for each processor: some may wait for room in a queue while others work.
const fixedLanes = 4

func (p *lanes) init(most int) {
	p.max = most
	p.kick, p.turn = make(chan struct{}, 1), make(chan struct{}, 1)
}

// start makes the first lane, which the tickers of an idle source run on.
func (p *lanes) start(open func() *pipeline.Inlet[stage.Segment]) {
	p.open = open
	in := open()
	if p.fixed = in.Fixed(); p.fixed {
		p.max = min(p.max, fixedLanes*runtime.GOMAXPROCS(0))
	}
	l := p.make(in)
	p.first, p.made = in.Lane, 1
	in.Lane.Work()
	p.give(l)
}

func (p *lanes) make(in *pipeline.Inlet[stage.Segment]) *lane {
	l := &lane{inlet: in, segments: stage.NewArena[stage.Segment](in.Lane), line: &p.line}
	if p.fixed {
		l.line = new(line)
		p.mu.Lock()
		p.bound = append(p.bound, l)
		p.mu.Unlock()
	}
	return l
}

// take borrows a lane for a connection, and waits while all that it may have are in use.
func (p *lanes) take(c *conn) *lane {
	var l *lane
	if p.fixed {
		l = p.own(c)
	} else {
		l = p.any()
	}
	l.inlet.Lane.Work()
	return l
}

func (p *lanes) any() *lane {
	p.mu.Lock()
	if n := len(p.free); n > 0 {
		l := p.free[n-1]
		p.free = p.free[:n-1]
		p.mu.Unlock()
		return l
	}
	if p.made < p.max {
		p.made++
		p.mu.Unlock()
		return p.make(p.open())
	}
	return p.wait(&p.line)
}

// own borrows the lane of the connection. The first time that is the one with the fewest connections, or a new one.
func (p *lanes) own(c *conn) *lane {
	p.mu.Lock()
	if c.lane == nil {
		least := slices.MinFunc(p.bound, func(a, b *lane) int { return a.conns - b.conns })
		if least.conns > 0 && p.made < p.max {
			p.made++
			p.mu.Unlock()
			c.lane = p.make(p.open())
			p.mu.Lock()
			c.lane.conns++
			p.mu.Unlock()
			return c.lane
		}
		c.lane = least
		least.conns++
	}
	if i := slices.Index(p.free, c.lane); i >= 0 {
		p.free = slices.Delete(p.free, i, i+1)
		p.mu.Unlock()
		return c.lane
	}
	return p.wait(c.lane.line)
}

// wait gets in line. It is called with the lock, and lets go of it.
func (p *lanes) wait(in *line) *lane {
	mine := make(chan *lane, 1)
	in.waiting = append(in.waiting, mine)
	in.wanted.Store(true)
	p.mu.Unlock()
	return <-mine
}

// leave takes a connection that will not read again off its lane.
func (p *lanes) leave(c *conn) {
	if c.lane == nil {
		return
	}
	p.mu.Lock()
	c.lane.conns--
	p.mu.Unlock()
}

// pass gives a lane to whoever waits for it, and gets in line behind them. A connection that always has more to read would
// keep its lane from the others for ever.
func (p *lanes) pass(c *conn, l *lane) *lane {
	if !l.line.wanted.Load() {
		return l
	}
	p.give(l)
	return p.take(c)
}

func (p *lanes) give(l *lane) {
	due := l.inlet.Due()
	l.inlet.Lane.Rest()
	p.mu.Lock()
	if q := l.line; len(q.waiting) > 0 {
		q.waiting[0] <- l
		q.waiting = q.waiting[1:]
		q.wanted.Store(len(q.waiting) > 0)
		p.mu.Unlock()
		return // who has it now will say when it is due
	}
	p.free = append(p.free, l)
	sooner := !due.IsZero() && (p.next.IsZero() || due.Before(p.next))
	if sooner {
		p.next = due
	}
	p.mu.Unlock()
	if sooner {
		select {
		case p.kick <- struct{}{}:
		default:
		}
	}
}

// tick is the service that lets the stages of idle lanes act by the clock.
func (p *lanes) tick(ctx context.Context) {
	for {
		var at <-chan time.Time
		p.mu.Lock()
		if !p.next.IsZero() {
			at = time.After(time.Until(p.next))
		}
		p.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-p.kick:
			continue
		case <-at:
		}
		select {
		case <-ctx.Done():
			return
		case p.turn <- struct{}{}:
		}
		for _, l := range p.due(time.Now()) {
			l.inlet.Lane.Work()
			l.inlet.Tick(time.Now())
			p.give(l)
		}
		<-p.turn
	}
}

// end keeps tick from ever running a lane again, and waits while it does. A lane that is stuck is left behind.
func (p *lanes) end(ctx context.Context) {
	select {
	case p.turn <- struct{}{}:
		return
	case <-ctx.Done():
	}
	select {
	case p.turn <- struct{}{}:
	case <-time.After(lingerTime):
	}
}

// due takes the idle lanes that want to be ticked, and sets when to look next.
func (p *lanes) due(now time.Time) (due []*lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = time.Time{}
	rest := p.free[:0]
	for _, l := range p.free {
		switch at := l.inlet.Due(); {
		case at.IsZero():
			rest = append(rest, l)
		case now.Before(at):
			p.next = stage.Sooner(p.next, at)
			rest = append(rest, l)
		default:
			due = append(due, l)
		}
	}
	p.free = rest
	return due
}
