package sinks

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/stage"
)

// An extra is what a tunnel has that does more than pass bytes on as they are.
type extra struct {
	sides  [2]*session // of those that speak TLS
	mirror *tunnel     // that hears what the client sends
	of     *tunnel     // of a mirror: the tunnel whose client it hears, nil when that has ended
	why    ending      // of a stream that did not end in order, and is passed on as a reset
	reason error
}

// more is the extra of a tunnel, which gets one if it has none.
func (t *tunnel) more() *extra {
	if t.extra == nil {
		t.extra = new(extra)
	}
	return t.extra
}

// reads says whether a direction is to be read in the usual way, and does what there is to do otherwise.
func (t *tunnel) reads(d int) bool {
	w := &t.ways[d]
	switch {
	case w.is&leaving != 0:
		t.passEnd(d)
	case t.is&mirroring == 0:
		return true
	case d == toClient:
		t.discard()
	case w.is&(ended|shut) == ended:
		t.passEnd(d)
	}
	return false
}

// readExtra is read of a tunnel with an extra.
func (t *tunnel) readExtra(d int, b []byte) (n int, err error) {
	w, x := &t.ways[d], t.extra
	if s := x.sides[d]; s != nil {
		n, err = s.read(w, b)
	} else {
		n, err = nonblock.Read(int(t.fds[d]), b)
		switch {
		case n == readSize && x.sides[1-d] == nil && (d == toClient || x.mirror == nil):
			w.is |= bulk
		case err == syscall.EAGAIN:
			w.is &^= unread | torn
		case n > 0 && n < len(b) && w.is&torn == 0:
			w.is &^= unread
		}
	}
	if n > 0 && d == toServer && x.mirror != nil {
		x.mirror.hear(b[:n])
	}
	return n, err
}

// leave tells the receiver of a direction that nothing more comes, where there are more than one or where it speaks TLS. It
// reports whether that has been said; otherwise it is to be called again when there is room.
func (t *tunnel) leave(d int) bool {
	w := &t.ways[d]
	if m := t.extra.mirror; m != nil && d == toServer && w.is&leaving == 0 {
		m.hearEnd()
	}
	s := t.extra.sides[1-d]
	if s == nil {
		return true
	}
	var err error
	if w.is&leaving == 0 {
		err = s.CloseWrite()
	} else {
		err = s.Flush()
	}
	s.charge()
	w.is &^= leaving
	switch {
	case err != nil:
		t.unwritable(d)
		return false
	case s.Pending():
		w.is |= leaving
		w.last = t.relay.nowTick
		t.arm()
		return false
	}
	return true
}

// flush writes what the session of a side has to say by itself.
func (x *extra) flush(side int) {
	if s := x.sides[side]; s != nil && s.Pending() {
		_ = s.Flush() // whoever writes next finds the error
		s.charge()
	}
}

// failed notes that the stream of a side has not ended in order, for when that is passed on.
func (s *session) failed(err error) {
	side := "the client"
	if s.side == server {
		side = "the backend"
	}
	x := s.tunnel.extra
	switch {
	case err == stage.ErrTruncated:
		x.why, x.reason = endTruncated, fmt.Errorf("%s: %w", side, err)
	case !errors.Is(err, stage.ErrReset):
		x.why, x.reason = endMalformed, fmt.Errorf("%s: %w: %w", side, stage.ErrMalformed, err)
	}
}

// endExtra ends what a tunnel that ends has.
func (t *tunnel) endExtra(why ending, reason error) {
	x := t.extra
	if x.of != nil {
		x.of.extra.mirror = nil
	}
	if m := x.mirror; m != nil {
		m.extra.of = nil
		if m.ways[toServer].is&ended == 0 {
			m.end(why, reason)
		}
		x.mirror = nil
	}
	if s := x.sides[client]; s != nil {
		s.seat, s.reason = t.seat, reason
	}
}

// abandon ends the session of a side that is about to be closed. It reports whether a handshake still uses the descriptor, and closes
// it when it has ended; the client's seat is given back then as well.
func (x *extra) abandon(t *tunnel, side int) (busy bool) {
	s := x.sides[side]
	if s == nil {
		return false
	}
	x.sides[side] = nil
	if s.shaking {
		t.settle(s)
	}
	t.relay.held.out -= s.charged
	s.tunnel = nil
	if busy = s.Abort() && s.stage.CompareAndSwap(underWay, abandoned); busy && side == client {
		t.seat = nil
	}
	return busy
}
