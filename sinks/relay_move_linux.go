package sinks

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/stage"
)

// The directions of a tunnel are numbered as the side that is read.
const (
	toServer = client
	toClient = server
)

// A tunnel is two sockets and what is known of each direction.
type tunnel struct {
	relay  *relay
	route  stage.Route
	seat   stage.Seat
	record *TunnelRecord // nil when nobody wants it
	dial   *dial         // nil once the backend is connected
	extra  *extra        // nil when it does nothing but move bytes
	began  time.Duration // since the relay's epoch
	ways   [2]way
	fds    [2]int32 // -1 when closed
	place  uint32   // among the tunnels of the relay, and in its wheel
	is     tunnelState
}

// A way is one direction.
type way struct {
	held  *held  // what the receiver has not taken; nothing is read meanwhile
	moved uint64 // bytes that the receiver took
	last  uint32 // the tick in which it took some
	is    wayState
}

type wayState uint8

const (
	unread  wayState = 1 << iota // there may be something to read
	torn                         // a read that brings less than was asked for may leave something that nothing reports again
	bulk                         // to be spliced
	ended                        // nothing more is to be read
	shut                         // the receiver was told so, or takes nothing more
	broken                       // the sender has failed: behind what it has sent comes a reset
	leaving                      // the receiver has not taken all of the close_notify that says so
)

type tunnelState uint8

const (
	inUse   tunnelState = 1 << iota
	listed              // in again
	watched             // the client is watched, and with the next bit the server
	_
	parting   // one side was reset, and the other has not acknowledged yet what came before
	shaking   // a handshake of TLS is under way
	mirroring // it has no client: it hears that of another tunnel
)

// A clientSide and a serverSide are a tunnel that is told of the events of one of its sockets.
type (
	clientSide tunnel
	serverSide tunnel
)

// Ready implements reactor.Handler.
func (c *clientSide) Ready(events uint32) { (*tunnel)(c).ready(client, events) }

// Ready implements reactor.Handler.
func (s *serverSide) Ready(events uint32) { (*tunnel)(s).ready(server, events) }

// ready deals with the events of one side.
func (t *tunnel) ready(side int, events uint32) {
	w := &t.ways[side]
	if events&(reactor.In|reactor.Hung|reactor.Urgent) != 0 {
		w.is |= unread
		if events&(reactor.Hung|reactor.Urgent) != 0 {
			w.is |= torn
		}
	}
	switch {
	case t.is&shaking != 0:
		t.readyShaking(side, events)
		return
	case t.dial != nil:
		t.readyEarly(side, events)
		return
	case t.is&parting != 0:
		if events&syscall.EPOLLERR != 0 {
			t.part()
		}
		return
	}
	if events&syscall.EPOLLERR != 0 && w.is&ended != 0 && t.is&inUse != 0 {
		t.unwritable(1 - side) // nobody reads it, so nobody else would notice
		if t.is&inUse == 0 {
			return
		}
	}
	if events&reactor.Out != 0 {
		if back := &t.ways[1-side]; back.held != nil || back.is&leaving != 0 {
			t.pump(1 - side)
		} else if t.extra != nil {
			t.extra.flush(side)
		}
		if t.is&inUse == 0 {
			return
		}
	}
	if w.is&unread != 0 {
		t.pump(side)
	}
}

// move lets both directions go on.
func (r *relay) move(t *tunnel) {
	if t.dial != nil || t.is&parting != 0 {
		return
	}
	if t.pump(toServer); t.is&inUse != 0 {
		t.pump(toClient)
	}
}

const (
	// readMost is how often one direction is read in one turn, before others have theirs.
	readMost = 4
	// sparing is how much is read in one go when more is held than the limit says.
	sparing = 4 << 10
)

// pump moves what there is of one direction, as far as the receiver takes it.
func (t *tunnel) pump(d int) {
	r, w := t.relay, &t.ways[d]
	if w.held != nil && !t.flush(d) || t.extra != nil && !t.reads(d) {
		return
	}
	for reads := 0; w.is&(unread|ended) == unread; reads++ {
		if w.is&bulk != 0 && !t.splice(d) {
			return
		}
		if reads == readMost {
			r.repeat(t)
			return
		}
		buf := r.buf
		if r.held.out > r.limits.Held {
			buf = buf[:sparing]
		}
		n, err := t.read(d, buf)
		if n > 0 {
			if !t.write(d, buf[:n]) {
				return
			}
			continue
		}
		switch err {
		case nil:
			w.is |= ended
			t.passEnd(d)
			return
		case syscall.EAGAIN, syscall.EINTR:
		default:
			t.reset(d)
			return
		}
	}
}

// read takes what the sender of a direction has sent. Without bytes and without an error that is the end of its stream.
func (t *tunnel) read(d int, b []byte) (n int, err error) {
	w := &t.ways[d]
	if t.extra != nil {
		return t.readExtra(d, b)
	}
	n, err = nonblock.Read(int(t.fds[d]), b)
	switch {
	case n == readSize:
		w.is |= bulk
	case err == syscall.EAGAIN:
		w.is &^= unread | torn
	case n > 0 && n < len(b) && w.is&torn == 0:
		w.is &^= unread
	}
	return n, err
}

// write gives the receiver b, and holds what it does not take. It reports whether it took all.
func (t *tunnel) write(d int, b []byte) bool {
	n, err := t.give(d, b)
	if n > 0 {
		t.moved(d, n)
	}
	switch {
	case n == len(b):
		return true
	case err == nil || err == syscall.EAGAIN || err == syscall.EINTR:
		w := &t.ways[d]
		w.held, w.last = t.store().keep(b[n:]), t.relay.nowTick // before, nothing waited for it
		t.arm()
		if err == syscall.EINTR {
			t.relay.repeat(t)
		}
	default:
		t.unwritable(d)
	}
	return false
}

// give writes to the receiver of a direction.
func (t *tunnel) give(d int, b []byte) (int, error) {
	if t.extra != nil {
		if s := t.extra.sides[1-d]; s != nil {
			return s.write(b)
		}
	}
	return nonblock.Write(int(t.fds[1-d]), b)
}

// flush gives the receiver what is held. It reports whether it took all, and nothing is held any more.
func (t *tunnel) flush(d int) bool {
	r, w := t.relay, &t.ways[d]
	h := w.held
	if h.pipe != nil {
		if !t.pour(d, h.pipe) {
			return false
		}
		r.pipes.give(h.pipe)
	}
	for len(h.bytes) > 0 {
		n, err := t.give(d, h.bytes)
		if n > 0 {
			h.bytes = h.bytes[n:]
			t.moved(d, n)
		}
		switch {
		case err == nil:
		case err == syscall.EAGAIN:
			return false
		case err != syscall.EINTR:
			t.unwritable(d)
			return false
		}
	}
	w.held = nil
	t.store().drop(h)
	return true
}

// moved notes that the receiver has taken n bytes.
func (t *tunnel) moved(d, n int) {
	w := &t.ways[d]
	w.moved += uint64(n)
	w.last = t.relay.nowTick
	if t.is&mirroring != 0 {
		t.relay.count.mirrored += uint64(n)
		return
	}
	t.relay.count.moved[d] += uint64(n)
}

// release gives back what is held of a direction that is over.
func (t *tunnel) release(d int) {
	h := t.ways[d].held
	if h == nil {
		return
	}
	t.ways[d].held = nil
	if h.pipe != nil {
		t.relay.pipes.give(h.pipe)
	}
	t.store().drop(h)
}

// store is where what is held of the tunnel is kept.
func (t *tunnel) store() *heldBytes {
	if t.is&mirroring != 0 {
		return &t.relay.mirrored
	}
	return &t.relay.held
}

// passEnd tells the receiver that nothing more comes. Everything that came before has been written.
func (t *tunnel) passEnd(d int) {
	w, back := &t.ways[d], &t.ways[1-d]
	if w.is&broken != 0 {
		t.reset(d)
		return
	}
	if w.is&shut == 0 {
		if t.extra != nil && !t.leave(d) {
			return
		}
		w.is |= shut
		if err := syscall.Shutdown(int(t.fds[1-d]), syscall.SHUT_WR); err != nil {
			t.unwritable(d)
			return
		}
	}
	if back.is&shut != 0 {
		t.end(endDone, nil)
		return
	}
	back.last = t.relay.nowTick
	t.arm()
}

// unwritable is for a direction whose receiver has failed. What that had sent before is still passed on.
func (t *tunnel) unwritable(d int) {
	if t.is&mirroring != 0 {
		t.end(endServerReset, ErrServerReset)
		return
	}
	t.release(d)
	t.ways[d].is = t.ways[d].is&^(unread|torn|bulk|leaving) | ended | shut
	back := &t.ways[1-d]
	back.is |= broken | unread
	switch {
	case back.is&ended != 0:
		t.reset(1 - d)
	case back.held == nil:
		t.relay.repeat(t)
	default:
		t.arm()
	}
}

// lastWords is how long the other side of a reset has to acknowledge what came before it.
const lastWords = time.Second

// reset ends the tunnel because the sender of a direction was reset, and everything that it had sent has been written. What of that
// is still in the kernel would be lost if the receiver were reset at once.
func (t *tunnel) reset(d int) {
	t.is |= parting
	t.ways[d].is |= broken
	for d := range t.ways {
		t.release(d)
		t.ways[d].is |= ended | shut
	}
	if n, err := unix.IoctlGetInt(int(t.fds[1-d]), unix.SIOCOUTQ); err != nil || n == 0 {
		t.part()
		return
	}
	t.ways[d].last = t.relay.nowTick
	t.relay.wheel.Set(t.place, t.relay.nowTick+1)
}

// part ends a tunnel of which one side was reset.
func (t *tunnel) part() {
	if x := t.extra; x != nil && x.reason != nil {
		t.end(x.why, x.reason)
		return
	}
	if t.ways[toServer].is&broken != 0 {
		t.end(endClientReset, ErrClientReset)
	} else {
		t.end(endServerReset, ErrServerReset)
	}
}

// partLate looks again whether the other side has acknowledged everything.
func (t *tunnel) partLate() {
	r, d := t.relay, toClient
	if t.ways[toServer].is&broken != 0 {
		d = toServer
	}
	n, err := unix.IoctlGetInt(int(t.fds[1-d]), unix.SIOCOUTQ)
	if err != nil || n == 0 || int32(r.nowTick-t.ways[d].last-r.ticks(lastWords)) >= 0 {
		t.part()
		return
	}
	r.wheel.Set(t.place, r.nowTick+1)
}
