package pool

import (
	"slices"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/stage"
)

// lost closes a link. What was in flight on it is sent again where that does no harm, and refused otherwise: err says why. The
// lock of the station is held.
func (l *link) lost(why Reason, err error) {
	if l.phase == phaseClosed {
		return
	}
	d, st := l.desk, l.desk.station
	st.pending.Add(1) // what is sent again must not seem to be answered meanwhile
	defer st.pending.Add(-1)
	err = lossOf(l.Peer(), err)
	l.phase, l.reason = phaseClosed, why
	l.shut(why)
	d.forget(l)
	entries, out, sent, flying := l.fifo, l.out[l.head:], l.sent-l.head, l.flying
	l.fifo, l.out = fifo[entry]{}, nil
	st.stored -= len(out)
	if b := l.before; b != nil { // it goes on until another one can take its place
		b.next, b.retired = nil, false
		l.before = nil
		d.shared[l.place] = b
	}
	if l.next != nil {
		l.next.before = nil
		l.next.mark()
		l.next = nil
	}
	if l.pinned || l.tunnel {
		delete(st.holds, l.client)
	}
	at := 0
	for i := range entries.len() {
		e := *entries.at(i)
		body := out[at : at+e.n]
		st.pending.Add(-1)
		if i >= flying {
			st.waiting--
		}
		switch {
		case e.fence != 0:
			at += e.n
			continue
		case why == ReasonClient || why == ReasonClosed:
			d.backend.pardon(e.permit)
		default:
			d.backend.done(e.permit, st.now-e.began, err)
		}
		l.pass(&e, body, at < sent, err)
		at += e.n
	}
	if c := l.client; c != nil && (l.pinned || l.tunnel) && why != ReasonClient {
		st.breakOff(c, err)
	}
	if l.own {
		d.serve()
	}
}

// shut gives the descriptor back, and the place among the connections of the backend.
func (l *link) shut(why Reason) {
	st := l.desk.station
	if l.dialed != nil {
		_ = l.dialed.Close()
		l.dialed = nil
		l.desk.backend.closed(why, st.epoch.Add(l.born))
	}
	if l.fd >= 0 {
		if l.watched != 0 {
			st.epoll.Remove(l.fd)
		}
		nonblock.Close(l.fd)
		l.fd = -1
		l.desk.backend.closed(why, st.epoch.Add(l.born))
	}
	l.Release(func() {})
}

// pass sends a request again, or refuses it. begun says that some of it has been sent.
func (l *link) pass(e *entry, body []byte, begun bool, err error) {
	st := l.desk.station
	if t := e.twin; t != nil {
		if t.left--; t.answered || t.left > 0 {
			return // the other copy has been answered, or may be
		}
		e.twin = nil
	}
	if e.kept || begun && !e.again || st.ended || !st.forwarding.retry(e, begun) {
		st.refuse(e, err)
		return
	}
	e.tries++
	e.began = 0
	e.avoid = l.desk.member()
	to, err := st.place(e)
	if err != nil {
		st.refuse(e, err)
		return
	}
	b := to.buffer()
	*b = append(*b, body...)
	to.add(e)
}

// forget takes a closed link out of the desk.
func (d *desk) forget(l *link) {
	if !l.own {
		if int(l.place) < len(d.shared) && d.shared[l.place] == l {
			d.shared[l.place] = nil
		}
		return
	}
	d.open--
	d.idle = without(d.idle, l)
	client := l.client
	d.leave(l)
	l.client = client // it is told of the end
}

// Forget says that a client has ended: what it holds, and what it waits for alone, is closed.
func (p *Pool) Forget(c *stage.Conn) {
	for _, st := range p.forwarding().stations() {
		st.forgetClient(c)
	}
}

// forgetClient closes what a client has for itself.
func (st *station) forgetClient(c *stage.Conn) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.broken, c)
	held := st.holds[c]
	if held == nil && !slices.ContainsFunc(st.slots, func(some []*desk) bool {
		return slices.ContainsFunc(some, func(d *desk) bool { return len(d.taken[c]) > 0 })
	}) {
		return
	}
	st.loop.Post(forgetting{st, c})
}

// A forgetting is a task for a client that has ended.
type forgetting struct {
	station *station
	client  *stage.Conn
}

// Run implements reactor.Task.
func (f forgetting) Run() {
	st := f.station
	st.mu.Lock()
	defer st.mu.Unlock()
	st.desks(func(d *desk) {
		for _, l := range slices.Clone(d.taken[f.client]) {
			if l.once || l.pinned {
				l.lost(ReasonClient, errForgotten)
			}
		}
	})
}
