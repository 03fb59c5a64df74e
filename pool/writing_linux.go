package pool

import (
	"syscall"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/internal/reactor"
)

// keepBytes is the most memory, in bytes, that an empty buffer of requests keeps.
const keepBytes = 64 << 10

// add takes a request that has been appended to out.
func (l *link) add(e *entry) {
	st := l.desk.station
	l.uses++
	l.since = st.now
	st.stored += e.n
	if e.began == 0 {
		e.began = st.now
	}
	if e.lease >= Hold {
		l.pinned, l.last = true, e.lease
		e.kept = true
		st.holds[e.client] = l
	}
	if e.lease == Tunnel {
		l.tunnel = true
		if st.forwarding.Settles == nil {
			l.allowed += e.n
			e.ticket.Void()
			l.mark()
			return
		}
	}
	st.pending.Add(1)
	if budget := st.pool.guard.budget; budget != nil && e.tries == 0 {
		budget.Deposit()
	}
	l.desk.member().Begin()
	*l.fifo.push() = *e
	st.waiting++
	l.admit()
	if f := l.fences; f != nil {
		if f.bare++; f.bare >= min(f.every, st.forwarding.Mode.flights) {
			l.fence()
		}
	}
}

// mark has the link written at the end of the turn.
func (l *link) mark() {
	if !l.dirty && !l.full && l.phase == phaseOpen && l.before == nil {
		l.dirty = true
		l.desk.station.dirty = append(l.desk.station.dirty, l)
	}
}

// flush writes what may be written.
func (l *link) flush() {
	l.dirty = false
	l.fence()
	for l.phase == phaseOpen && l.before == nil && !l.Reading.Ended {
		b := l.greeting
		if len(b) == 0 && l.greet == 0 {
			b = l.out[l.sent:l.allowed]
		}
		if len(b) == 0 {
			break
		}
		n, err := nonblock.Write(l.fd, b)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN || err == nil && n < len(b):
			l.wrote(n)
			l.want()
			return
		case err != nil:
			l.lost(ReasonError, err)
			return
		}
		l.wrote(n)
	}
	if l.phase == phaseOpen && l.tunnel && l.fifo.len() == 0 {
		l.desk.station.stored -= l.sent - l.head
		l.head = l.sent
		l.compact()
	}
}

func (l *link) wrote(n int) {
	if n <= 0 {
		return
	}
	l.desk.station.inlet.Lane.Wrote(n)
	if len(l.greeting) > 0 {
		l.greeting = l.greeting[n:]
	} else {
		l.sent += n
	}
}

// want has the kernel say when there is room to write again: it is an edge, so it is asked for once.
func (l *link) want() {
	l.full = true
	if !l.writable {
		l.writable = true
		_ = l.desk.station.epoll.Modify(l.fd, l.watched, reactor.In|reactor.Out)
	}
}

// compact moves what waits for replies to the front when that costs little.
func (l *link) compact() {
	switch {
	case l.head == len(l.out):
		l.out = l.out[:0]
		if cap(l.out) > keepBytes {
			l.out = nil
		}
	case l.head < keepBytes || l.head < len(l.out)/2:
		return
	default:
		l.out = l.out[:copy(l.out, l.out[l.head:])]
	}
	l.sent -= l.head
	l.allowed -= l.head
	l.head = 0
}
