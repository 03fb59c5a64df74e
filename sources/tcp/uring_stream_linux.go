package tcp

import (
	"errors"
	"syscall"
	"unsafe"

	"github.com/leat-io/leat/internal/uring"
	"github.com/leat-io/leat/stage"
)

// Completions are the feed of a loop that io_uring tells what it has accepted and received. When the source stops it is no
// different from edges any more: receiving is canceled, and what is in the socket then is read from there.
type completions struct {
	*loop
	ring    *uring.Ring
	streams []*stream // by place
	places  []uint32  // that are free
	byHand  bool      // of the first loop: the acceptor is told that there is something to accept
	heard   bool      // of the first loop: accepting, or awaiting that, is under way

	latest  *stream // whose bytes lie at the end of what the lane has taken
	joined  []byte  // those bytes; there is room behind them
	inBatch uint32  // of the lane, in which that holds
}

// A stream is a link with what the kernel does for it.
type stream struct {
	link
	kept  []byte // what has been received and could not be pushed, in memory of its own
	place uint32 // among the streams of the loop, once it has joined
	fd    int    // to be closed when nothing is under way

	receiving bool
	canceled  bool // receiving is about to end
	emptying  bool // the socket is read until it is empty, and then it receives again
	awaiting  bool // room to write
	ended     bool // nothing comes behind kept
	err       error
}

func streamOf(c *link) *stream { return (*stream)(unsafe.Pointer(c)) }

// keepMost is how much a connection keeps before it receives no more. What the kernel had received by then comes on top.
const keepMost = readSize

// An operation of a stream has its place as id, and one bit that says which it is. Those of the acceptor are beyond all places.
const (
	opAwait  = 1
	idAccept = 1 << 61
	idListen = 1<<61 + 1
)

func (s *stream) id() uint64 { return uint64(s.place) << 1 }

// Completed implements uring.Handler.
func (f *completions) Completed(id uint64, c uring.Completion) {
	switch {
	case id == idAccept:
		f.accepted(c)
	case id == idListen:
		f.ready(c)
	case id&opAwait != 0:
		f.awaited(f.streams[id>>1], c)
	default:
		f.received(f.streams[id>>1], c)
	}
}

// Missed implements uring.Handler: what is still under way, and is not to be, is canceled again.
func (f *completions) Missed(id uint64) {
	again := false
	switch {
	case id == idAccept || id == idListen:
		again = f.heard
	case f.streams[id>>1] == nil:
	case id&opAwait != 0:
		s := f.streams[id>>1]
		again = s.is.has(closed) && s.awaiting
	default:
		again = f.streams[id>>1].canceled
	}
	if again {
		f.ring.Cancel(id)
	}
}

func (f *completions) link() *link { return &new(stream).link }

// join begins to receive, from a socket that blocks, as the ring wants it.
func (f *completions) join(c *link) {
	s := streamOf(c)
	if n := len(f.places); n > 0 {
		s.place, f.places = f.places[n-1], f.places[:n-1]
		f.streams[s.place] = s
	} else {
		s.place = uint32(len(f.streams))
		f.streams = append(f.streams, s)
	}
	c.watched = 1
	_ = syscall.SetNonblock(int(c.fd), false)
	if f.phase == reading {
		f.receive(s)
	}
	f.late(c)
}

func (f *completions) receive(s *stream) {
	s.receiving = true
	s.is.set(unread, false)
	f.ring.Receive(int(s.link.fd), s.id())
}

// cancel ends the receiving. The completion that says so comes behind those with what has been received.
func (f *completions) cancel(s *stream) {
	if s.receiving && !s.canceled {
		s.canceled = true
		f.ring.Cancel(s.id())
	}
}

// arrived waits for the end of receiving, because only then it is known what is left in the socket.
func (f *completions) arrived(c *link) {
	s := streamOf(c)
	if s.receiving {
		f.cancel(s)
		return
	}
	c.quota = int32(len(s.kept) + waiting(int(c.fd)))
	c.is.set(unread, c.quota > 0)
}

func (f *completions) received(s *stream, c uring.Completion) {
	if !c.More {
		s.receiving, s.canceled = false, false
	}
	switch {
	case s.is.has(closed):
		f.part(s)
		return
	case len(c.Data) > 0:
		f.take(s, c.Data)
	case c.Err == nil:
		s.ended = true
	case errors.Is(c.Err, syscall.ECANCELED), errors.Is(c.Err, syscall.ENOBUFS), errors.Is(c.Err, syscall.EINTR):
	default:
		s.ended, s.err = true, stage.ErrReset
	}
	if c.More {
		return
	}
	s.is.set(unread, true)
	if f.phase != reading && s.quota < 0 {
		f.arrived(&s.link)
	}
	f.look(&s.link)
}

// take copies what was received into the lane, if it can be pushed in this turn, or keeps it.
func (f *completions) take(s *stream, b []byte) {
	if s.is.has(ending) || f.over {
		return
	}
	f.inlet.Lane.Received(len(b))
	s.Received()
	free := len(s.kept) == 0 && !s.Reading.Stopped && !s.Halted() && !f.inlet.Stalled()
	switch {
	case free && s.is.has(pushed) && f.extend(s, b):
	case free && !s.is.has(pushed) && len(f.batch) < turnSize:
		f.begin(s, b)
	default:
		s.kept = append(s.kept, b...)
		s.is.set(unread, true)
		if s.Halted() || f.inlet.Stalled() || len(s.kept) >= keepMost {
			s.emptying = true
			f.cancel(s)
		}
		f.look(&s.link)
	}
}

// begin makes a segment, with room behind it for what else comes of the same connection.
func (f *completions) begin(s *stream, b []byte) {
	lane := f.inlet.Lane
	slab, m := lane.Bytes(readSize)
	n := copy(m, b)
	lane.Unread(readSize - n)
	f.latest, f.joined, f.inBatch = s, m[:n], lane.Batch()
	f.add(&s.link, slab, m[:n:n])
}

// extend adds to the segment that was made last, so that one turn pushes as much of a connection as one read would have
// brought.
func (f *completions) extend(s *stream, b []byte) bool {
	lane := f.inlet.Lane
	if f.latest != s || f.inBatch != lane.Batch() || f.turn[len(f.turn)-1] != &s.link || len(b) > cap(f.joined)-len(f.joined) {
		return false
	}
	lane.Bytes(len(b)) // the room behind it, which begin has given back
	f.joined = append(f.joined, b...)
	f.bytes += len(b)
	f.batch[len(f.batch)-1].Data = f.joined[:len(f.joined):len(f.joined)]
	return true
}

// read pushes what was kept, and then what is in the socket, after a stop or while a connection brings more than the lane
// takes in a turn: from there it is copied once, and there it is bounded. Otherwise it receives again.
func (f *completions) read(c *link) {
	s := streamOf(c)
	switch {
	case len(s.kept) > 0:
		slab, b := f.inlet.Lane.Bytes(min(len(s.kept), readSize))
		n := copy(b, s.kept)
		if s.kept = s.kept[n:]; len(s.kept) == 0 {
			s.kept = nil
		}
		c.is.set(unread, len(s.kept) > 0 || !s.receiving)
		c.spend(n)
		f.add(c, slab, b)
	case s.ended:
		c.Locked(func(bool) { c.hungUp = true })
		c.is.set(unread, false)
		if s.err != nil {
			c.Fail(s.err)
		} else {
			c.Finish(nil)
		}
	case c.quota > 0:
		f.readOnce(c)
	case c.quota < 0 && !s.receiving && s.emptying:
		f.readOnce(c)
		if s.emptying = c.is.has(unread); !s.emptying && !c.hungUp {
			f.receive(s)
		}
	case c.quota < 0 && !s.receiving:
		f.receive(s)
	default:
		c.is.set(unread, false)
	}
}

func (f *completions) discard(c *link) {
	s := streamOf(c)
	s.kept = nil
	switch {
	case s.ended:
		f.close(c)
	case !s.receiving:
		f.receive(s)
	}
}

// A roomless stream is the task of one whose peer has taken nothing for a while.
type roomless stream

func (f *completions) room(c *link) { f.events.Post((*roomless)(streamOf(c))) }

// Run implements reactor.Task.
func (r *roomless) Run() {
	if s := (*stream)(r); !s.is.has(closed) && !s.awaiting {
		s.loop.feed.(*completions).await(s)
	}
}

func (f *completions) await(s *stream) {
	s.awaiting = true
	f.ring.Await(int(s.link.fd), uring.Out, s.id()|opAwait)
}

func (f *completions) awaited(s *stream, c uring.Completion) {
	s.awaiting = c.More
	switch {
	case s.is.has(closed):
		f.part(s)
	case c.Err != nil:
		s.Fail(c.Err)
	default:
		s.Writable()
		if !c.More {
			f.await(s)
		}
	}
}

func (f *completions) detach(c *link, fd int) {
	if c.watched == 0 {
		f.release(c, fd)
		return
	}
	s := streamOf(c)
	s.fd, s.kept = fd, nil
	f.cancel(s)
	if s.awaiting {
		f.ring.Cancel(s.id() | opAwait)
	}
	f.part(s)
}

// part gives the descriptor back when nothing is under way: the place may be another's then.
func (f *completions) part(s *stream) {
	if s.receiving || s.awaiting {
		return
	}
	f.streams[s.place] = nil
	f.places = append(f.places, s.place)
	f.release(&s.link, s.fd)
}
