package tcp

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// lanes is the set from which reads borrow. The lane that was used last is lent first, because its memory is in a cache.
type lanes struct {
	open  func() *pipeline.Inlet[stage.Segment]
	first *stage.Lane
	max   int
	kick  chan struct{} // tells tick that a lane is due sooner than it thinks
	turn  chan struct{} // full while tick is at work, and for good when the source has stopped

	wanted atomic.Bool // mirrors that somebody is in line

	mu   sync.Mutex
	free []*lane      // guarded by mu
	made int          // guarded by mu
	line []chan *lane // guarded by mu: those who wait for a lane, in the order in which they came
	next time.Time    // guarded by mu: when tick will look, or zero
}

// A lane is an inlet and what reads into it.
type lane struct {
	inlet    *pipeline.Inlet[stage.Segment]
	segments *stage.Arena[stage.Segment]
	one      [1]*stage.Segment
}

func (p *lanes) init(most int) {
	p.max = most
	p.kick, p.turn = make(chan struct{}, 1), make(chan struct{}, 1)
}

// start makes the first lane, which the tickers of an idle source run on.
func (p *lanes) start(open func() *pipeline.Inlet[stage.Segment]) {
	p.open = open
	l := p.make()
	p.first, p.made = l.inlet.Lane, 1
	l.inlet.Lane.Work()
	p.give(l)
}

func (p *lanes) make() *lane {
	in := p.open()
	return &lane{inlet: in, segments: stage.NewArena[stage.Segment](in.Lane)}
}

// take borrows a lane, and waits while all are in use.
func (p *lanes) take() *lane {
	l := p.any()
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
		return p.make()
	}
	mine := make(chan *lane, 1)
	p.line = append(p.line, mine)
	p.wanted.Store(true)
	p.mu.Unlock()
	return <-mine
}

// pass gives a lane to whoever waits for one, and gets in line behind them. A connection that always has more to read would
// keep its lane from the others for ever.
func (p *lanes) pass(l *lane) *lane {
	if !p.wanted.Load() {
		return l
	}
	p.give(l)
	return p.take()
}

func (p *lanes) give(l *lane) {
	due := l.inlet.Due()
	l.inlet.Lane.Rest()
	p.mu.Lock()
	if len(p.line) > 0 {
		p.line[0] <- l
		p.line = p.line[1:]
		p.wanted.Store(len(p.line) > 0)
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
