package pool

import (
	"slices"
	"time"
)

// check looks for what is late: requests without a reply, connections that have been idle or open for long. The lock is held.
func (st *station) check() {
	st.checked = st.now
	f := st.forwarding
	if f.hedges() {
		st.hedge()
	}
	st.desks(func(d *desk) {
		d.each((*link).check)
		d.expire(f.Patience)
		d.backend.beggar.CompareAndSwap(d, nil)
		d.serve() // others may have closed connections, or have some to spare by now
	})
	st.prewarm()
	for i, some := range st.slots {
		st.slots[i] = slices.DeleteFunc(some, func(d *desk) bool { return d.unused() })
	}
}

// check closes or retires a link that is late.
func (l *link) check() {
	st, limits := l.desk.station, &l.desk.backend.pool.limits
	idle := st.now - l.since
	switch {
	case l.phase == phaseClosed:
	case l.phase == phaseOpen && l.greet > 0 && l.unanswered():
		l.lost(ReasonPrepare, &TimeoutError{Backend: l.Peer(), After: st.now - l.opened})
	case l.fifo.len() > 0 && l.once && l.overdue():
		if st.stopping {
			l.lost(ReasonClosed, errStopped)
		} else {
			l.lost(ReasonClient, errForgotten)
		}
	case l.fifo.len() > 0 && l.overdue():
		l.lost(ReasonStalled, &TimeoutError{Backend: l.Peer(), After: st.now - l.fifo.at(0).began})
	case l.fifo.len() > 0 || l.pinned || l.phase == phaseDialing:
		l.expire()
	case l.desk.retired():
		l.lost(ReasonRemoved, nil)
	case limits.IdleTimeout > 0 && idle > limits.IdleTimeout && !l.needed():
		l.lost(ReasonIdle, nil)
	default:
		l.expire()
	}
}

// needed says whether an idle connection is one of those that are to be kept.
func (l *link) needed() bool {
	least := l.desk.backend.pool.limits.MinIdle
	if !l.own {
		return least > 0
	}
	return len(l.desk.idle) <= least
}

// overdue says whether the oldest request in flight has waited for too long. One that waits for something to happen may, as long
// as its client waits with it and nothing stops.
func (l *link) overdue() bool {
	e, st := l.fifo.at(0), l.desk.station
	if e.lease == Once {
		return st.stopping || e.left()
	}
	limit := st.forwarding.timeout(l.desk.backend)
	return limit > 0 && st.now-e.began > limit
}

// unanswered says whether the greeting has not been answered for too long.
func (l *link) unanswered() bool {
	limit := l.desk.station.forwarding.timeout(l.desk.backend)
	return limit > 0 && l.desk.station.now-l.opened > limit
}

// expire retires a link that has reached its age: nothing new is sent on it, and another takes its place when nothing is in
// flight any more, so that requests of one client stay in order. Where nothing may take its place it goes on while it is used.
func (l *link) expire() {
	st := l.desk.station
	var why Reason
	switch {
	case l.retired || l.phase != phaseOpen || l.before != nil:
		return
	case l.desk.retired():
		why = ReasonRemoved
	case l.age > 0 && st.now-l.born > l.age:
		why = ReasonLifetime
	default:
		return
	}
	l.reason = why
	switch {
	case l.fifo.len() == 0 && !l.pinned:
		l.lost(why, nil)
	case l.own || why == ReasonRemoved:
		l.retired = true
	case l.desk.backend.reserve():
		l.retired = true
		next := l.desk.share(int(l.place))
		next.before, l.next = l, next
	}
}

// prewarm dials what is to be kept open and is not.
func (st *station) prewarm() {
	if st.pool.limits.MinIdle == 0 || st.quiet {
		return
	}
	for _, m := range st.pool.Members() {
		if !m.Available() {
			continue
		}
		if b := st.pool.of(m); b != nil && b.rested() == nil {
			st.desk(b, 0).prewarm()
		}
	}
}

func (d *desk) prewarm() {
	for i := range d.shared {
		if d.shared[i] == nil && d.backend.reserve() {
			d.share(i)
		}
	}
	if len(d.shared) > 0 {
		return
	}
	for len(d.idle)+len(d.fresh) < d.backend.pool.limits.MinIdle && d.backend.reserve() {
		l := d.dial()
		l.own = true
		d.fresh = append(d.fresh, l)
		d.open++
	}
}

// pace is the time between two checks.
func (f *forwarding) pace(busy bool) time.Duration {
	if busy && f.hedges() {
		return hedgePace
	}
	if busy {
		return busyPace
	}
	return idlePace
}

// A request is found to be late within busyPace, and an idle connection within idlePace. A copy is sent within hedgePace.
const (
	hedgePace = time.Millisecond
	busyPace  = 20 * time.Millisecond
	idlePace  = time.Second
)
