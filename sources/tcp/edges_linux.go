package tcp

import (
	"syscall"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/internal/reactor"
)

// Edges are the feed of a loop that is told by epoll when there is something to accept or to read, and then does so itself.
type edges struct {
	*loop
	epoll *reactor.Epoll
}

func (e *edges) link() *link {
	if e.engine.tls != nil {
		return &new(secureLink).link
	}
	return new(link)
}

func (e *edges) listen(a *acceptor) error {
	_, err := e.epoll.Add(a.fd, reactor.In, a)
	return err
}

func (e *edges) deafen(a *acceptor) {
	e.epoll.Remove(a.fd)
	a.rest()
}

// join begins to watch a connection, which may have failed to live until now.
func (e *edges) join(c *link) {
	generation, err := e.epoll.Add(int(c.fd), reactor.In, c)
	if err != nil {
		c.Fail(err)
		return // it comes back for its end
	}
	c.watched = generation
	if c.session() != nil {
		e.greet(c)
	}
	e.late(c)
}

func (e *edges) arrived(c *link) {
	if c.session() != nil {
		c.drained()
		return
	}
	c.quota = int32(waiting(int(c.fd)))
	c.is.set(unread, c.quota > 0)
}

func (e *edges) read(c *link) {
	if c.session() != nil {
		e.decrypt(c)
		return
	}
	e.readOnce(c)
}

func (e *edges) room(c *link) {
	_ = e.epoll.Modify(int(c.fd), c.watched, reactor.In|reactor.Out) // it is watched already, so only memory can lack
}

// discards is how often a connection that lingers is read in one turn.
const discards = 16

// discard throws away what arrives, until the peer has closed as well.
func (e *edges) discard(c *link) {
	l := e.loop
	if l.scratch == nil {
		l.scratch = make([]byte, readSize)
	}
	for range discards {
		switch n, err := nonblock.Read(int(c.fd), l.scratch); {
		case n > 0 || err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return
		default:
			l.close(c)
			return
		}
	}
	l.repeat(c)
}

func (e *edges) detach(c *link, fd int) {
	if c.watched != 0 {
		e.epoll.Remove(fd)
	}
	e.release(c, fd)
}
