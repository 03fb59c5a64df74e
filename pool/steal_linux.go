package pool

import (
	"slices"
	"time"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/internal/reactor"
)

// beg asks the other desks of all stations for a connection to the backend of d, because there may not be more. The lock is held.
func (st *station) beg(d *desk) {
	if !d.backend.beggar.CompareAndSwap(nil, d) {
		return
	}
	for _, other := range st.forwarding.stations() {
		other.loop.Post(alms{other, d.backend})
	}
}

// Alms are a task for a station that may have a connection to spare.
type alms struct {
	station *station
	backend *backend
}

// Run implements reactor.Task.
func (a alms) Run() {
	st := a.station
	st.mu.Lock()
	defer st.mu.Unlock()
	st.tick()
	slot := a.backend.member.Slot
	if slot >= len(st.slots) {
		return
	}
	all := slices.Clone(st.slots[slot]) // to give may make a desk
	for _, give := range []func(*desk){(*desk).giveIdle, (*desk).giveShared} {
		for _, d := range all {
			if d.backend == a.backend {
				give(d)
			}
		}
	}
}

// giveIdle gives up the idle connection that was used last.
func (d *desk) giveIdle() {
	if n := len(d.idle); n > 0 && d.begged() {
		l := d.idle[n-1]
		d.idle = d.idle[:n-1]
		if !d.give(l) {
			d.idle = append(d.idle, l)
		}
	}
}

// giveShared gives up a connection that is shared, and has not been used lately, for one of another profile.
func (d *desk) giveShared() {
	for _, l := range d.shared {
		to := d.backend.beggar.Load()
		if to == nil || to.profile == d.profile {
			return
		}
		if l != nil && l.before == nil && l.fifo.len() == 0 && d.station.now-l.since > unusedTime {
			d.give(l)
		}
	}
}

// unusedTime is for how long nobody must have used a connection that is shared when one of another profile takes its place.
const unusedTime = 100 * time.Millisecond

// begged says whether another desk has asked for a connection.
func (d *desk) begged() bool {
	to := d.backend.beggar.Load()
	return to != nil && to != d
}

// give hands an idle connection to another desk that has asked for one. A connection of another profile is closed, so that one can
// be dialed in its place.
func (d *desk) give(l *link) bool {
	to := d.backend.beggar.Load()
	if to == nil || to == d || l.phase != phaseOpen || !d.backend.beggar.CompareAndSwap(to, nil) {
		return false
	}
	if to.station == d.station {
		l.lost(ReasonSurplus, nil)
		d.station.desk(to.backend, to.profile).serve() // the desk that asked may have been given up meanwhile
		return true
	}
	g := &gift{to: to, born: d.station.epoch.Add(l.born), age: l.age, uses: l.uses, fd: -1}
	if to.profile == d.profile && l.even() {
		d.station.epoll.Release(l.fd)
		g.fd, l.fd = l.fd, -1
	}
	l.lost(ReasonSurplus, nil)
	d.station.dialing.Go(g.deliver) // under the lock of the other station, which may want to give to this one
	return true
}

// even says that an idle connection owes nothing and has brought nothing that nobody has asked for.
func (l *link) even() bool {
	return l.greet == 0 && !l.pushed && !l.Reading.Ended && len(l.Reading.Tail) == 0
}

// part gives connections away whose last replies have been passed on.
func (st *station) part() {
	for i, l := range st.parting {
		if d := l.desk; l.phase == phaseOpen && (d.queue.len() > 0 || !d.give(l)) {
			d.keep(l)
		}
		st.parting[i] = nil
	}
	st.parting = st.parting[:0]
}

// A gift is a connection that goes from one station to another.
type gift struct {
	to   *desk
	fd   int // -1 when there is none, but room for one
	born time.Time
	age  time.Duration
	uses uint64
}

func (g *gift) deliver() {
	st := g.to.station
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.ended {
		g.discard()
		return
	}
	st.gifts = append(st.gifts, g)
	st.loop.Post(g)
}

func (g *gift) discard() {
	if g.fd >= 0 {
		nonblock.Close(g.fd)
		g.to.backend.closed(ReasonClosed, g.born)
		g.fd = -1
	}
}

// Run implements reactor.Task.
func (g *gift) Run() {
	st := g.to.station
	st.mu.Lock()
	defer st.mu.Unlock()
	st.gifts = slices.DeleteFunc(st.gifts, func(other *gift) bool { return other == g })
	d := st.desk(g.to.backend, g.to.profile) // the desk that asked may have been given up meanwhile
	if g.fd >= 0 {
		l := &link{desk: d, fd: g.fd, own: true, phase: phaseOpen, born: g.born.Sub(st.epoch), age: g.age, since: st.now, uses: g.uses}
		l.Init(l, &st.terms)
		d.open++
		g.fd = -1
		var err error
		if l.watched, err = st.epoll.Add(l.fd, reactor.In, l); err != nil {
			l.lost(ReasonError, err)
		} else {
			l.release()
		}
	}
	d.serve()
}
