package pool

import "github.com/leat-io/leat/stage"

// Claim implements stage.Answering. Replies come in the order of the requests.
func (l *link) Claim(ln *stage.Lane, h *stage.Head, s *stage.Slab, m any, pushed bool) stage.Claim {
	st := l.desk.station
	st.mu.Lock()
	defer st.mu.Unlock()
	switch {
	case l.phase != phaseOpen:
		return stage.Unused
	case l.greet > 0:
		return l.greeted(m)
	case l.tunnel && (pushed || l.unasked(m)):
		l.client.Unasked(h, s)
		return stage.Claimed
	case pushed:
		st.forwarding.pushes.Add(1)
		return stage.Unused
	case l.fences != nil:
		return l.tentative(ln, h, s, m)
	case l.flying == 0 || l.head+l.fifo.at(0).n > l.sent:
		return stage.Foreign
	}
	e := l.pop()
	defer l.answered(&e)
	if e.twin != nil {
		e.twin.left--
		if e.twin.answered {
			return stage.Unused
		}
		e.twin.answered = true
	}
	if !e.give(ln, h, s, m) {
		return stage.Unused
	}
	return stage.Claimed
}

// unasked says whether m, which has come through a tunnel, is the reply to no request.
func (l *link) unasked(m any) bool {
	if l.fifo.len() == 0 {
		return true
	}
	e := l.fifo.at(0)
	return e.lease == Tunnel && !l.desk.station.forwarding.Settles(m, e.note)
}

// give makes m, whose head is h, the reply to e. It is false when nobody waits for one.
func (e *entry) give(ln *stage.Lane, h *stage.Head, s *stage.Slab, m any) bool {
	if !e.ticket.Open() {
		return false
	}
	e.ticket.Give(ln, h, s)
	if e.note != nil {
		m.(Noted).SetNote(e.note)
	}
	return true
}

// greeted takes a reply to the greeting.
func (l *link) greeted(m any) stage.Claim {
	st, d := l.desk.station, l.desk
	if st.forwarding.Welcome != nil {
		if err := st.welcome(m); err != nil {
			d.unwelcome = &GreetingError{Backend: l.Peer(), Err: err}
			d.until = st.now + d.backend.pool.limits.Backoff
			l.Reading.Ended = true
			l.Fail(d.unwelcome)
			return stage.Unused
		}
	}
	if l.greet--; l.greet == 0 {
		l.mark()
	}
	return stage.Unused
}

// welcome says what is wrong with a reply to the greeting. A panic of the user's function is an error.
func (st *station) welcome(m any) (err error) {
	defer st.pool.caught("Welcome", &err)
	return st.forwarding.Welcome(m)
}

// pop takes the front of the requests in flight, and lets the next one be sent.
func (l *link) pop() entry {
	st := l.desk.station
	e := *l.fifo.at(0)
	l.fifo.drop()
	l.flying--
	l.head += e.n
	st.stored -= e.n
	st.pending.Add(-1)
	l.admit()
	l.compact()
	return e
}

// admit lets requests that wait be sent, as far as may be in flight. A fence does not count: what is in flight waits for it.
func (l *link) admit() {
	st := l.desk.station
	for l.flying < l.fifo.len() {
		e := l.fifo.at(l.flying)
		if l.flying >= st.forwarding.Mode.flights && e.fence == 0 {
			return
		}
		l.flying++
		l.allowed += e.n
		st.waiting--
		l.mark()
	}
}

// answered does what an answer means for those who wait.
func (l *link) answered(e *entry) {
	st := l.desk.station
	l.since = st.now
	if e.lease == Once { // it may have waited for something to happen
		l.desk.backend.pardon(e.permit)
	} else {
		l.desk.backend.done(e.permit, st.now-e.began, nil)
	}
	if e.lease == Release && l.last == Release && l.fifo.len() == 0 {
		delete(st.holds, e.client)
		l.pinned = false
	}
	if l.fifo.len() == 0 {
		l.emptied()
	}
}

// halfway is called when a part of a message has arrived. Where nothing was asked for, that would be taken for the beginning of
// the next reply.
func (l *link) halfway() {
	st := l.desk.station
	st.mu.Lock()
	defer st.mu.Unlock()
	if l.phase == phaseOpen && l.head == l.sent && l.greet == 0 && !l.tunnel {
		l.lost(ReasonUnread, errUnasked)
	}
}

// emptied is called when nothing is in flight or waits on the link.
func (l *link) emptied() {
	l.fifo.trim()
	switch {
	case l.phase == phaseDialing:
	case l.retired && !l.pinned:
		l.lost(l.reason, nil)
	case l.own && !l.pinned:
		l.release()
	}
}

// release gives a link that its client no longer needs to the next one.
func (l *link) release() {
	d := l.desk
	d.leave(l)
	if most := d.station.forwarding.Mode.uses; l.tunnel || most > 0 && l.uses >= most {
		l.lost(ReasonDiscarded, nil)
		return
	}
	if d.queue.len() == 0 && d.begged() {
		if l.pushed {
			d.station.parting = append(d.station.parting, l)
			return
		}
		if d.give(l) {
			return
		}
	}
	d.keep(l)
}

// keep makes a link idle, or gives it to the front of the line.
func (d *desk) keep(l *link) {
	if d.queue.len() == 0 && len(d.idle) >= d.backend.pool.limits.MaxIdle {
		l.lost(ReasonSurplus, nil)
		return
	}
	d.idle = append(d.idle, l)
	d.serve()
}
