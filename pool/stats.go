package pool

import (
	"slices"
	"strings"
)

// Stats are what a pool has counted.
type Stats struct {
	Backends []BackendStats // by name; those that were removed follow while connections of them are in use
	Panics   uint64         // of hooks and of other functions that the user has given to the pool
	Panicked error          // the latest of them
}

// BackendStats are what a pool has counted of one backend.
type BackendStats struct {
	Name, Address string

	Dialing, Idle, InUse, Draining int // now
	Waiting                        int // now

	Opened    uint64            // connections
	Closed    map[Reason]uint64 // why there are no more of them
	Failed    uint64            // dials
	Hits      uint64            // Gets that found an idle connection
	Waits     uint64            // Gets that did not, and waited for one that was given back or dialed
	Exhausted uint64            // Gets that found MaxOpen reached

	Utilisation float64      // how much of what was open was in use, over the time and from 0 to 1
	Wait        Distribution // of those that waited; of many, each sixteenth is measured
	Dial        Distribution
	Lifetime    Distribution // of those that were closed
}

// Reuse is the share of the Gets that were served without a connection of their own, from 0 to 1.
func (s *BackendStats) Reuse() float64 {
	gets := s.Hits + s.Waits
	if gets == 0 {
		return 0
	}
	return 1 - float64(min(s.Opened, gets))/float64(gets)
}

// Stats returns what the pool has counted.
func (p *Pool) Stats() Stats {
	s := Stats{Panics: p.panics.Load()}
	if e := p.panicked.Load(); e != nil {
		s.Panicked = *e
	}
	for _, b := range *p.backends.Load() {
		if b != nil {
			s.Backends = append(s.Backends, b.stats())
		}
	}
	slices.SortFunc(s.Backends, func(a, b BackendStats) int { return strings.Compare(a.Name, b.Name) })
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.gone {
		if b.open.Load() > 0 {
			s.Backends = append(s.Backends, b.stats())
		}
	}
	return s
}

func (b *backend) stats() BackendStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.use.sample(b, b.pool.now())
	c := &b.counts
	s := BackendStats{
		Name: b.member.Name, Address: b.member.Address,
		Dialing: int(b.dialing.Load()), Idle: b.idle(), InUse: b.use.inUse, Waiting: b.state.waiting(),
		Opened: c.opened.Load(), Failed: c.failed.Load(), Closed: map[Reason]uint64{},
		Hits: b.hits(), Waits: c.waits.Load(), Exhausted: c.exhausted.Load(), Utilisation: b.use.share(),
		Wait: c.wait.distribution(), Dial: c.dial.distribution(), Lifetime: c.lifetime.distribution(),
	}
	for r := range c.closed {
		if n := c.closed[r].Load(); n > 0 {
			s.Closed[Reason(r)] = n
		}
	}
	s.Draining = min(b.expiring(), s.InUse)
	if b.refusal() != nil {
		s.Draining = s.InUse
	}
	s.InUse -= s.Draining
	return s
}

// expiring counts the connections that have expired, which are in use. The lock is held.
func (b *backend) expiring() (n int) {
	for i := range b.used {
		if c := b.table[i].Load(); c != nil && c.marks.Load()&markExpired != 0 {
			n++
		}
	}
	return n
}
