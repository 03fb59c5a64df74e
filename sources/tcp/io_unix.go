//go:build unix

package tcp

import (
	"syscall"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/stage"
)

// read reads and pushes until the end of input, an error, a reason not to read, or a stop. It reports whether there may be
// more to read later.
//
// It stays inside one RawConn.Read for as long as possible: each new one would reset the poller, forget edges that have
// come, and so cost a read that finds nothing. The goroutine sleeps where f returns false.
func (c *conn) read() (more bool) {
	switch {
	case c.source.stopping.Load() && c.tls != nil:
		return c.decryptRest()
	case c.source.stopping.Load():
		return c.readRest()
	}
	raw, err := c.sock.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Read(func(fd uintptr) (done bool) {
		c.hold.Begin(&c.source.table)
		defer c.hold.End(&c.source.table)
		l := c.source.set.take(c)
		defer func() { c.source.set.give(l) }()
		for ; !c.Halted() && !c.source.stopping.Load(); l = c.source.set.pass(c, l) {
			n, err := c.readOnce(l, int(fd), readSize)
			switch {
			case n > 0: // also a short one: the edge may stand for these bytes and for the end of input behind them
			case err == syscall.EAGAIN:
				return false
			case err == syscall.EINTR:
			default:
				c.ended(err)
				return true
			}
		}
		return true
	})
	if c.eof || c.Dead() {
		return false
	}
	return err == nil || c.source.stopping.Load()
}

// readRest reads what had arrived when the source stopped, and as far as the connection may be read.
func (c *conn) readRest() (more bool) {
	if c.quota < 0 {
		c.quota = int32(waiting(int(c.fd)))
	}
	if c.quota == 0 && !c.Reading.Stopped || c.Finishing() || c.source.abandoned.Load() {
		return false
	}
	c.hold.Begin(&c.source.table)
	defer c.hold.End(&c.source.table)
	l := c.source.set.take(c)
	defer c.source.set.give(l)
	if c.Reading.Stopped && !c.Halted() {
		c.push(l, nil, nil)
	}
	for c.quota > 0 && !c.Halted() {
		n, err := c.readOnce(l, int(c.fd), min(readSize, int(c.quota)))
		switch {
		case n > 0:
			c.quota -= int32(n)
		case err == syscall.EINTR:
		default:
			if err != syscall.EAGAIN {
				c.ended(err)
			}
			c.quota = 0
		}
	}
	return !c.eof
}

// readOnce makes one read and pushes what came.
func (c *conn) readOnce(l *lane, fd, most int) (n int, err error) {
	if c.Reading.Stopped {
		c.push(l, nil, nil)
		if c.Reading.Stopped || c.Halted() { // it may have been let go on since push looked: what is decoded comes before what is read
			return 0, syscall.EINTR
		}
	}
	if c.tls != nil {
		return c.decrypt(l)
	}
	slab, b := l.inlet.Lane.Bytes(readSize)
	n, err = nonblock.Read(fd, b[:most])
	if n <= 0 {
		l.inlet.Lane.Unread(readSize)
		return n, err
	}
	l.inlet.Lane.Unread(readSize - n)
	l.inlet.Lane.Received(n)
	c.Received()
	c.push(l, slab, b[:n:n])
	c.hold.Again(&c.source.table)
	return n, nil
}

// waiting is how many bytes may still be read of a connection after a stop: what has arrived, or one read where the system
// does not tell.
func waiting(fd int) int {
	if n, known := nonblock.Arrived(fd); known {
		return n
	}
	return readSize
}

// ended notes the end of input: err is nil for an orderly one.
func (c *conn) ended(err error) {
	c.eof = true
	if err != nil {
		c.Fail(stage.ErrReset)
	}
}

// Write implements stage.Port.
func (c *conn) Write(b []byte) (int, error) {
	if c.tls != nil {
		return c.tls.Write(b)
	}
	return write(c.fd, b)
}

// write is stage.Port's, on a descriptor that is negative when it is closed, and cannot be closed meanwhile.
func write(fd int32, b []byte) (int, error) {
	if fd < 0 {
		return 0, stage.ErrReset
	}
	n, err := nonblock.Write(int(fd), b)
	switch err {
	case nil:
		return n, nil
	case syscall.EAGAIN, syscall.EINTR:
		return 0, nil
	}
	return 0, stage.ErrReset
}

// flush writes what waits, each time the peer takes some, until nothing is left. The attempt is made inside RawConn.Write,
// which otherwise could forget that the socket has become writable.
func (c *conn) flush() {
	raw, err := c.sock.SyscallConn()
	if err != nil {
		return
	}
	raw.Write(func(uintptr) (done bool) {
		c.Writable()
		owing := c.tls != nil && c.tls.Flush() == nil && c.tls.Pending()
		c.Locked(func(bool) {
			if done = !c.wants && !owing; done {
				c.flushing = false
			}
		})
		return done
	})
}
