//go:build unix

package tcp

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/leat-io/leat/internal/tlsio"
	"github.com/leat-io/leat/stage"
)

// tlsServed says whether this system has what TLS needs: sockets that can be read without waiting.
const tlsServed = true

func (c *conn) session() *tlsio.Session { return c.tls }

// A connWire is a connection with a goroutine of its own as its session of TLS sees it, behind the handshake.
type connWire conn

// Read implements tlsio.Wire. After a stop it keeps to what had arrived.
func (w *connWire) Read(b []byte) (int, error) {
	if w.quota >= 0 {
		b = b[:min(len(b), int(w.quota))]
		if len(b) == 0 {
			return 0, tlsio.ErrAgain
		}
	}
	n, err := tlsio.ReadFrom(int(w.fd), b)
	if w.quota >= 0 {
		w.quota -= int32(n)
	}
	return n, err
}

// Write implements tlsio.Wire.
func (w *connWire) Write(b []byte) (int, error) { return write(w.fd, b) }

// Room implements tlsio.Wire. Only a handshake that does not wait would call it.
func (*connWire) Room() {}

// A blocking connection is the transport of its handshake, which waits on the goroutine of the connection.
type blocking struct{ *conn }

// Read implements io.Reader.
func (b blocking) Read(p []byte) (int, error) {
	if !b.source.stopping.Load() {
		n, err := b.sock.Read(p)
		switch {
		case err == nil || err == io.EOF:
			return n, err
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return n, stage.ErrReset
		case !b.source.stopping.Load(): // it was shut
			return n, b.Reason()
		}
	}
	if b.quota < 0 {
		b.quota = int32(waiting(int(b.fd)))
	}
	n, err := (*connWire)(b.conn).Read(p)
	if err == tlsio.ErrAgain {
		return n, stage.ErrStopped
	}
	return n, err
}

// Write implements io.Writer.
func (b blocking) Write(p []byte) (int, error) {
	if most := b.source.limits.FirstMessage; most > 0 {
		_ = b.sock.SetWriteDeadline(time.Now().Add(most)) // on a socket that is closed the write fails
		defer func() { _ = b.sock.SetWriteDeadline(time.Time{}) }()
	}
	return b.sock.Write(p)
}

// shake makes the handshake, if there is to be one, and reports whether the connection can be read.
func (c *conn) shake() (ok bool) {
	if c.tls == nil {
		return true
	}
	if err := c.tls.HandshakeOver(blocking{c}); err != nil {
		c.eof = errors.Is(err, io.EOF)
		c.Fail(handshakeFailed(err))
		return false
	}
	c.Writable()
	return true
}

// decrypt is readOnce behind the handshake.
func (c *conn) decrypt(l *lane) (n int, err error) {
	lane := l.inlet.Lane
	slab, b := lane.Bytes(readSize)
	for err == nil && n < len(b) {
		var some int
		some, err = c.tls.Read(b[n:])
		n += some
	}
	lane.Unread(readSize - n)
	if c.tls.Pending() {
		c.Locked(func(dead bool) {
			if !dead && !c.flushing {
				c.flushing = true
				go c.flush()
			}
		})
	}
	if n > 0 { // what ended it comes again
		lane.Received(n)
		c.Received()
		c.push(l, slab, b[:n:n])
		c.hold.Again(&c.source.table)
		return n, nil
	}
	switch err {
	case tlsio.ErrAgain:
		return 0, syscall.EAGAIN
	case io.EOF:
		return 0, nil
	case stage.ErrTruncated:
		c.Finish(err)
		return 0, nil
	}
	c.Fail(broken(err))
	return 0, err
}

// decryptRest is readRest behind the handshake: also what the session holds has arrived.
func (c *conn) decryptRest() (more bool) {
	if c.quota < 0 {
		c.quota = int32(waiting(int(c.fd)))
	}
	if c.spent && !c.Reading.Stopped || c.Finishing() || c.source.abandoned.Load() {
		return false
	}
	c.hold.Begin(&c.source.table)
	defer c.hold.End(&c.source.table)
	l := c.source.set.take(c)
	defer c.source.set.give(l)
	if c.Reading.Stopped && !c.Halted() {
		c.push(l, nil, nil)
	}
	for !c.spent && !c.Halted() {
		n, err := c.readOnce(l, int(c.fd), readSize)
		switch {
		case n > 0 || err == syscall.EINTR:
		case err == syscall.EAGAIN:
			c.spent = true
		default:
			c.ended(err)
			c.spent = true
		}
	}
	return !c.eof
}

// farewell tells the peer of a connection with TLS that nothing more comes, and reports whether it has been said. The lock is
// held.
func (c *conn) farewell() (said bool) {
	return c.tls == nil || c.tls.CloseWrite() != nil || !c.tls.Leaving()
}

// part says the farewell that found no room, for as long as a peer may take nothing.
func (c *conn) part() {
	if c.tls == nil || !c.tls.Leaving() {
		return
	}
	raw, err := c.sock.SyscallConn()
	if err != nil {
		return
	}
	if c.sock.SetWriteDeadline(time.Now().Add(partingTime(c.source.limits))) != nil {
		return
	}
	raw.Write(func(uintptr) (done bool) { return c.tls.Flush() != nil || !c.tls.Pending() })
	c.Locked(func(bool) { c.closeWrite() })
}

// partingTime is for how long a peer is waited for to take the farewell of TLS.
func partingTime(l stage.Limits) time.Duration {
	if l.Write > 0 {
		return l.Write
	}
	return stage.DefaultLimits.Write
}
