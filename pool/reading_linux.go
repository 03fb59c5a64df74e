package pool

import (
	"github.com/leat-io/leat/internal/nonblock"
)

// readSize is the most bytes of one read. It suffices for some hundred short replies, and what is read of several connections
// stays in the nearer caches.
const (
	readSize  = 16 << 10
	turnBytes = 32 << 10
)

// look reads of a link once if it may.
func (st *station) look(l *link) {
	switch {
	case !l.unread || l.phase != phaseOpen || st.quiet:
	case l.pushed || st.inlet.Stalled():
		st.repeat(l)
	default:
		st.read(l)
	}
}

func (st *station) repeat(l *link) {
	if !l.listed {
		l.listed = true
		st.again = append(st.again, l)
	}
}

// read reads once. Less than was asked for means that there is no more: the next bytes are an edge (epoll(7)), and so is the
// end, which is only seen by another read.
func (st *station) read(l *link) {
	lane := st.inlet.Lane
	slab, b := lane.Bytes(readSize)
	n, err := nonblock.Read(l.fd, b)
	if n > 0 {
		lane.Unread(readSize - n)
		lane.Received(n)
		l.unread = n == readSize || l.hung
		if l.unread {
			st.repeat(l)
		}
		b = b[:n:n]
		if l.fences != nil && l.greet == 0 {
			var own bool
			if b, own = l.fences.pass(b); own {
				slab = nil
			}
			if len(b) == 0 {
				if len(l.fences.held) > mostHeld {
					st.mu.Lock()
					l.lost(ReasonProtocol, errHeld)
					st.mu.Unlock()
				}
				return
			}
		}
		s := st.segments.New()
		s.SetConn(&l.Conn)
		s.SetSlab(slab)
		s.Data = b
		l.pushed = true
		st.batch, st.turn = append(st.batch, s), append(st.turn, l)
		if st.bytes += n; st.bytes >= turnBytes {
			st.push()
		}
		return
	}
	lane.Unread(readSize)
	switch err {
	case eagain:
		l.unread = false
	case eintr:
		st.repeat(l)
	default:
		st.mu.Lock()
		l.lost(closedBy(err))
		st.mu.Unlock()
	}
}

// push lets the lane work on what was read.
func (st *station) push() {
	if len(st.batch) == 0 {
		return
	}
	st.mu.Lock()
	st.tick()
	st.mu.Unlock()
	st.inlet.Push(st.batch)
	for i, l := range st.turn {
		l.pushed = false
		if len(l.Reading.Tail) > 0 {
			l.halfway()
		}
		st.turn[i] = nil
	}
	st.batch, st.turn, st.bytes = st.batch[:0], st.turn[:0], 0
	if len(st.parting) > 0 {
		st.mu.Lock()
		st.part()
		st.mu.Unlock()
	}
}
