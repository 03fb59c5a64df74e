package tcp

import (
	"time"

	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/internal/wheel"
	"github.com/leat-io/leat/stage"
)

// An opening is a connection that is watched until what comes first on it has come.
type opening struct {
	*arrival        // nil when it is nobody's
	place    uint32 // among the openings, and in their wheel
}

// Openings are those of a loop. All have the same time.
type openings struct {
	dealer *dealer
	all    []*opening // by place
	free   []uint32
	limit  time.Duration // 0 for none
	tick   time.Duration // of the wheel
	epoch  time.Time
	wheel  wheel.Wheel
	late   func(uint32) // the method overdue, which would be made anew for each call
}

// init sets the time limit, which is kept to within a sixteenth, and at most half a second late.
func (p *openings) init(l *dealer, limit time.Duration) {
	p.dealer, p.limit, p.epoch = l, limit, time.Now()
	p.tick = min(max(limit/16, time.Millisecond), 500*time.Millisecond)
	p.late = p.overdue
}

func (p *openings) now() uint32 { return uint32(time.Since(p.epoch) / p.tick) }

// watch waits for the rest of what is to come first on a connection.
func (p *openings) watch(c *arrival) {
	if len(p.free) == 0 {
		p.free = append(p.free, uint32(len(p.all)))
		p.all = append(p.all, &opening{place: uint32(len(p.all))})
	}
	o := p.all[p.free[len(p.free)-1]]
	if _, err := p.dealer.epoll.Add(int(c.fd), reactor.In, o); err != nil {
		p.dealer.inlet.Lane.Failed(err)
		p.dealer.turnAway(c, err)
		return
	}
	p.free = p.free[:len(p.free)-1]
	o.arrival = c
	p.dealer.engine.waiting.Add(1)
	if p.limit > 0 {
		p.wheel.Set(o.place, p.now()+1+uint32(min((p.limit+p.tick-1)/p.tick, 1<<30)))
	}
}

// Ready implements reactor.Handler.
func (o *opening) Ready(uint32) { o.seat.dealer.openings.look(o) }

// look goes on with a connection, and reports whether it still waits.
func (p *openings) look(o *opening) (waits bool) {
	c, l := o.arrival, p.dealer
	switch done, err := l.open(c); {
	case err != nil:
		p.leave(o)
		l.turnAway(c, err)
	case done:
		p.leave(o)
		l.arrived = append(l.arrived, c)
	default:
		return true
	}
	return false
}

// leave ends the watch. Whoever takes the connection over watches it anew, and is told of what holds then: also of an end of the
// stream that has been reported here.
func (p *openings) leave(o *opening) {
	p.dealer.epoll.Release(int(o.fd))
	p.dealer.engine.waiting.Add(-1)
	p.wheel.Drop(o.place)
	p.free = append(p.free, o.place)
	o.arrival = nil
}

// turn closes connections that have used up their time.
func (p *openings) turn() {
	if p.wheel.Len() > 0 {
		p.wheel.Advance(p.now(), p.late)
	}
}

// overdue is for a connection whose time is over. What had arrived meanwhile counts: the process may have stood still.
func (p *openings) overdue(place uint32) { p.end(p.all[place], stage.ErrFirstMessage) }

// end closes a connection unless everything has come by now.
func (p *openings) end(o *opening, reason error) {
	if p.look(o) {
		c := o.arrival
		p.leave(o)
		p.dealer.turnAway(c, reason)
	}
}

// stop ends all: what had arrived is accepted.
func (p *openings) stop() {
	if len(p.free) == len(p.all) {
		return
	}
	for _, o := range p.all {
		if o.arrival != nil {
			p.end(o, stage.ErrStopped)
		}
	}
}

// due is when turn is to be called, or the zero time.
func (p *openings) due() time.Time {
	if p.wheel.Len() == 0 {
		return time.Time{}
	}
	return p.epoch.Add(time.Duration(p.wheel.Now()+1) * p.tick)
}
