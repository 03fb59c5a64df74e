package tcp

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/stage"
)

// A link is one connection of a loop. It has no buffer: what was read lies in a slab of the lane, and what is left of that on
// the connection only while there is something.
type link struct {
	stage.Conn // first, so that linkOf can come back from it
	loop       *loop

	fd      int32 // guarded by the connection's lock; -1 once it is closed
	watched int32 // of the loop: the generation, 0 before it is watched
	quota   int32 // of the loop: bytes that may still be read after a stop; -1 before

	posted   bool // guarded by the connection's lock: the loop will look at it
	hungUp   bool // guarded by the connection's lock, and written by the loop: the end of input has been read
	writable bool // guarded by the connection's lock: it is watched for room to write
	is       state
}

// A state is what the loop knows of a connection, in bits: with it a link is 224 bytes, and Go gives out memory in pieces of
// 224 and then of 240.
type state uint8

const (
	unread state = 1 << iota // there may be something to read
	torn                     // a read that brings less than was asked for may leave something that nothing reports again
	listed                   // in again or held
	pushed                   // in the batch
	ending                   // it lingers
	closed
	parting // it has found no room for the farewell of TLS
	shaking // its handshake of TLS has not ended
)

// set adds what to the state, or takes it away.
func (s *state) set(what state, on bool) {
	*s &^= what
	if on {
		*s |= what
	}
}

func (s state) has(what state) bool { return s&what != 0 }

// errCut is why a connection is ended that does not linger.
var errCut = fmt.Errorf("its time to be answered is over: %w", stage.ErrStopped)

func linkOf(c *stage.Conn) *link { return (*link)(unsafe.Pointer(c)) }

// Run implements reactor.Task: somebody has changed what is wanted of the connection.
func (c *link) Run() {
	var dead bool
	c.Locked(func(d bool) { c.posted, dead = false, d })
	l := c.loop
	switch {
	case c.is.has(closed):
	case dead && c.is.has(pushed): // its session ends behind what was read
		l.events.Post(c)
	case dead:
		l.end(c)
	case c.watched == 0:
		l.feed.join(c)
	default:
		l.look(c)
	}
}

// Ready implements reactor.Handler.
func (c *link) Ready(events uint32) {
	if events&reactor.Out != 0 {
		c.Writable()
		if c.session() != nil {
			c.loop.flush(c)
		}
	}
	if events&(reactor.In|reactor.Hung|reactor.Urgent) != 0 {
		c.is.set(unread, c.quota != 0)
		if events&(reactor.Hung|reactor.Urgent) != 0 {
			c.is.set(torn, true)
		}
		if events&reactor.Hung != 0 {
			c.HangUp()
		}
		if l := c.loop; len(l.batch) < turnSize-min(len(l.again), turnSize/2) {
			l.look(c)
		} else {
			l.repeat(c) // behind those who have waited since the turn before
		}
	}
}

// post has the loop look at the connection. The lock is held.
func (c *link) post() {
	if !c.posted {
		c.posted = true
		c.loop.events.Post(c)
	}
}

// Write implements stage.Port.
func (c *link) Write(b []byte) (int, error) {
	if c.session() != nil {
		return c.session().Write(b)
	}
	return write(c.fd, b)
}

// Want implements stage.Port. Room to write is watched for from the first time that there was none: it is an edge, so it
// costs nothing while there is room.
func (c *link) Want(read, write bool) {
	if read || c.loop.engine.stopping.Load() { // at a stop nobody waits for a connection that is only to be finished
		c.post()
	}
	if write {
		c.awaitRoom()
	}
}

// Shut implements stage.Port: the peer sees the end of the answers, and the loop closes.
func (c *link) Shut(error) {
	if c.fd >= 0 && !c.hungUp {
		c.farewell()
	}
	c.post()
}

// Peer implements stage.Port.
func (c *link) Peer() (name string) {
	c.Locked(func(bool) { name = c.loop.engine.peer(int(c.fd)) })
	return name
}

// cut ends a connection that is still open, without another word.
func (c *link) cut() {
	c.Fail(errCut)
}

// late is for a connection that joins when the source has been told to stop.
func (l *loop) late(c *link) {
	if l.phase == closing { // it came too late for the Finish of all
		c.Finish(stage.ErrStopped)
	} else if l.phase != reading {
		l.limit(c)
	}
}

// limit lets no more be read of a connection than has arrived.
func (l *loop) limit(c *link) {
	l.feed.arrived(c)
	l.limited = append(l.limited, c)
	l.look(c)
}

// look does what a connection needs now.
func (l *loop) look(c *link) {
	switch {
	case c.is.has(closed):
	case c.is.has(ending):
		l.feed.discard(c)
	case l.over || c.Halted():
	case c.is.has(pushed) || len(l.batch) >= turnSize:
		l.repeat(c)
	case l.inlet.Stalled():
		l.stall(c)
	case c.Reading.Stopped:
		l.add(c, nil, nil)
	case c.is.has(unread):
		l.feed.read(c)
	}
}

const (
	// turnSize is the most connections whose bytes go into one batch.
	turnSize = 256
	// turnBytes is how many bytes end a batch: they and the answers to them are still in the nearer caches when they are
	// written. With 256 KiB in a batch, of 1000 connections with 16 messages of 64 bytes in flight on each, a message cost
	// 1.09 times as much.
	turnBytes = 32 << 10
)

func (l *loop) repeat(c *link) {
	if !c.is.has(listed) {
		c.is.set(listed, true)
		l.again = append(l.again, c)
	}
}

func (l *loop) stall(c *link) {
	if !c.is.has(listed) {
		c.is.set(listed, true)
		l.held = append(l.held, c)
	}
}

// add puts what was read of a connection into the batch, and pushes that when it is large enough.
func (l *loop) add(c *link, slab *stage.Slab, b []byte) {
	s := l.segments.New()
	s.SetConn(&c.Conn)
	s.SetSlab(slab)
	s.Data = b
	c.is.set(pushed, true)
	l.batch = append(l.batch, s)
	l.turn = append(l.turn, c)
	if l.bytes += len(b); l.bytes >= turnBytes {
		l.push()
	}
}

// readOnce reads once. Less than was asked for means that there is no more: the next bytes are an edge (epoll(7)). That does
// not hold for the end of input that was reported with the bytes before it, nor where a read stops short: in front of an urgent
// byte (tcp(7)), and behind bytes that came with descriptors (unix(7)).
func (l *loop) readOnce(c *link) {
	most := readSize
	if c.quota >= 0 {
		most = min(most, int(c.quota))
	}
	lane := l.inlet.Lane
	slab, b := lane.Bytes(readSize)
	n, err := nonblock.Read(int(c.fd), b[:most])
	if n > 0 {
		lane.Unread(readSize - n)
		lane.Received(n)
		c.Received()
		c.is.set(unread, n == most || c.is.has(torn))
		c.spend(n)
		l.add(c, slab, b[:n:n])
		return
	}
	lane.Unread(readSize)
	switch err {
	case nil:
		c.Locked(func(bool) { c.hungUp = true })
		c.is.set(unread, false)
		c.Finish(nil)
	case syscall.EAGAIN:
		c.is.set(unread, false)
		c.spend(int(c.quota))
	case syscall.EINTR:
		l.repeat(c)
	default:
		c.Locked(func(bool) { c.hungUp = true })
		c.is.set(unread, false)
		c.Fail(stage.ErrReset)
	}
}

// spend takes n bytes off what may still be read after a stop.
func (c *link) spend(n int) {
	if c.quota >= 0 {
		c.quota = max(c.quota-int32(n), 0)
		c.is.set(unread, c.quota > 0)
	}
}

// end closes a connection that is dead. Unless it is gone it lingers first: what its peer had sent would make the kernel answer
// a close with a reset, which could destroy the last answers on their way.
func (l *loop) end(c *link) {
	switch {
	case c.hungUp || c.watched == 0 || c.Reason() == errCut:
		c.is.set(ending, true)
		l.close(c)
	case !c.is.has(ending):
		c.is.set(ending, true)
		l.abort(c)
		if c.session() != nil && c.session().Leaving() {
			l.part(c)
		} else {
			l.linger(c)
		}
	}
}

// linger throws away what arrives, for a while.
func (l *loop) linger(c *link) {
	if c.session() != nil {
		_ = syscall.Shutdown(int(c.fd), syscall.SHUT_WR)
	}
	l.waiting, l.began = append(l.waiting, c), append(l.began, time.Now())
	l.feed.discard(c)
}

func (l *loop) close(c *link) {
	if c.is.has(closed) || l.abort(c) {
		return
	}
	l.shook(c)
	c.is.set(closed, true)
	fd := int(c.fd)
	c.Release(func() { c.fd = -1 })
	if c.Reason() == errCut {
		_ = syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	}
	l.feed.detach(c, fd)
}

// release closes the descriptor of a connection that is closed.
func (l *loop) release(c *link, fd int) {
	if l.engine.waits {
		l.engine.running.Go(func() { _ = syscall.Close(fd) }) // it may wait for the peer
	} else {
		nonblock.Close(fd)
	}
	l.engine.table.Remove(&c.Conn)
	l.live.Add(-1)
}
