package tcp

import (
	"errors"
	"io"
	"syscall"
	"time"
	"unsafe"

	"github.com/leat-io/leat/internal/tlsio"
	"github.com/leat-io/leat/stage"
)

// errEpollOnly is why a source with TLS does not use io_uring.
var errEpollOnly = errors.New("TLS is served by epoll")

// A secureLink is a connection of a loop with TLS. It is a type of its own because 8 bytes more would make 16 of every link.
type secureLink struct {
	link // first, so that session can come back from it
	tls  *tlsio.Session
}

// session is that of a connection with TLS, and nil of others.
func (c *link) session() *tlsio.Session {
	if c.loop.engine.tls == nil {
		return nil
	}
	return c.secure().tls
}

// secure is the rest of a connection with TLS.
func (c *link) secure() *secureLink { return (*secureLink)(unsafe.Pointer(c)) }

// A linkWire is a connection of a loop as its session of TLS sees it. Its descriptor stays open for as long as a handshake has a
// goroutine.
type linkWire link

// Read implements tlsio.Wire. Behind the handshake it is called on the loop, which knows when there is nothing: see readOnce.
func (w *linkWire) Read(b []byte) (int, error) {
	if !(*link)(w).session().Established() {
		return tlsio.ReadFrom(int(w.fd), b)
	}
	if !w.is.has(unread) {
		return 0, tlsio.ErrAgain
	}
	n, err := tlsio.ReadFrom(int(w.fd), b)
	w.is.set(unread, n == len(b) || w.is.has(torn) && err != tlsio.ErrAgain)
	return n, err
}

// Write implements tlsio.Wire.
func (w *linkWire) Write(b []byte) (int, error) { return write(w.fd, b) }

// Room implements tlsio.Wire.
func (w *linkWire) Room() {
	c := (*link)(w)
	c.Locked(func(bool) { c.awaitRoom() })
}

// awaitRoom watches for room to write. The lock is held.
func (c *link) awaitRoom() {
	if !c.writable && c.fd >= 0 {
		c.writable = true
		c.loop.feed.room(c)
	}
}

// greet begins the handshake of a connection that has joined.
func (l *loop) greet(c *link) {
	c.is.set(shaking, true)
	l.shaking++
	l.events.Shared = true // with the goroutines of handshakes
	c.session().Handshake(func(err error) { l.events.Post(shaken{c, err}) })
}

// shook notes that the handshake of a connection is not under way any more.
func (l *loop) shook(c *link) {
	if !c.is.has(shaking) {
		return
	}
	c.is.set(shaking, false)
	if l.shaking--; l.shaking == 0 {
		l.events.Shared = l.inlet.Crosses()
	}
}

// A shaken link is the task of one whose handshake has ended on a goroutine.
type shaken struct {
	*link
	err error
}

// Run implements reactor.Task.
func (s shaken) Run() {
	c, l := s.link, s.loop
	l.shook(c)
	switch {
	case c.is.has(ending): // it has lingered meanwhile, and its end waits for this
		l.close(c)
	case s.err != nil:
		l.refuse(c, s.err)
	case !c.Dead():
		c.Writable() // what was answered before anything came
		c.is.set(unread, true)
		l.look(c)
	}
}

// refuse ends a connection whose handshake failed.
func (l *loop) refuse(c *link, err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, stage.ErrReset) {
		c.Locked(func(bool) { c.hungUp = true })
	}
	c.Fail(handshakeFailed(err))
}

// decrypt reads a connection with TLS: it goes on with the handshake, or it pushes what one read of plain bytes would have
// brought at most.
func (l *loop) decrypt(c *link) {
	if !c.session().Established() {
		c.is.set(unread, false)
		if err := c.session().Continue(); err != nil {
			l.shook(c)
			l.refuse(c, err)
		}
		return
	}
	lane := l.inlet.Lane
	slab, b := lane.Bytes(readSize)
	n, err := 0, error(nil)
	for err == nil && n < len(b) {
		var some int
		some, err = c.session().Read(b[n:])
		n += some
	}
	lane.Unread(readSize - n)
	c.is.set(unread, err == nil || n > 0 && err != tlsio.ErrAgain) // what ended it comes again
	if err == tlsio.ErrAgain {
		c.spend(int(c.quota))
	}
	if c.session().Pending() { // an answer to KeyUpdate, or an alert
		c.Locked(func(bool) { c.awaitRoom() })
		_ = c.session().Flush() // whoever writes next finds the error
	}
	if n > 0 {
		lane.Received(n)
		c.Received()
		l.add(c, slab, b[:n:n])
		return
	}
	switch err {
	case nil, tlsio.ErrAgain:
	case io.EOF:
		c.Finish(nil)
	case stage.ErrTruncated:
		c.Locked(func(bool) { c.hungUp = true })
		c.Finish(err)
	default:
		reason := broken(err)
		if reason == stage.ErrReset {
			c.Locked(func(bool) { c.hungUp = true })
		}
		c.Fail(reason)
	}
}

// drained lets no more be read of a connection with TLS than has arrived. What its session holds has, so the quota, which stands
// for all of it, is spent only when the session has nothing left.
func (c *link) drained() {
	c.session().Limit(waiting(int(c.fd)))
	c.quota = 1
	c.is.set(unread, true)
}

// farewell tells the peer that nothing more comes. Without TLS that is the end of the stream; otherwise the loop ends it, when the
// farewell has been taken. The lock is held.
func (c *link) farewell() {
	if c.session() == nil {
		_ = syscall.Shutdown(int(c.fd), syscall.SHUT_WR)
		return
	}
	if c.session().CloseWrite() == nil && c.session().Leaving() {
		c.awaitRoom()
	}
}

// abort ends the handshake of a connection, and reports whether its goroutine still has to end.
func (l *loop) abort(c *link) (busy bool) {
	if c.session() == nil || c.session().Established() {
		return false
	}
	return c.session().Abort()
}

// flush goes on with what the session of a connection has to write.
func (l *loop) flush(c *link) {
	switch {
	case c.is.has(closed):
	case !c.session().Established() && !c.is.has(ending):
		l.decrypt(c) // the handshake may wait for room
	case c.session().Flush() == nil && c.session().Pending():
	case c.is.has(parting):
		c.is.set(parting, false)
		l.linger(c)
	}
}

// A parted link is the task of one whose peer has not taken the farewell in its time.
type parted link

// Run implements reactor.Task.
func (p *parted) Run() {
	if c := (*link)(p); c.is.has(parting) {
		c.loop.close(c)
	}
}

// part waits until the farewell has been taken.
func (l *loop) part(c *link) {
	c.is.set(parting, true)
	time.AfterFunc(partingTime(l.engine.limits), func() { l.events.Post((*parted)(c)) })
	l.feed.discard(c)
}
