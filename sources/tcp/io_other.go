//go:build !unix

package tcp

import (
	"errors"
	"os"
	"time"

	"github.com/leat-io/leat/stage"
)

// Where sockets cannot be read and written without waiting, a connection holds a buffer while it waits for input, an answer
// waits up to a millisecond for its peer, and what arrives while the source stops may be left unread.

const (
	writeWait  = time.Millisecond
	writePause = 5 * time.Millisecond // between two attempts on a peer that takes nothing
)

func (c *conn) read() (more bool) {
	buf := make([]byte, readSize)
	for !c.Halted() && !c.source.stopping.Load() {
		n, err := 0, error(nil)
		if !c.Reading.Stopped {
			n, err = c.sock.Read(buf)
		}
		if n > 0 || c.Reading.Stopped {
			c.hold.Begin(&c.source.table)
			l := c.source.set.take(c)
			slab, b := l.inlet.Lane.Bytes(n)
			copy(b, buf[:n])
			l.inlet.Lane.Received(n)
			c.Received()
			c.push(l, slab, b)
			c.source.set.give(l)
			c.hold.End(&c.source.table)
		}
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			return !c.Dead() && !c.source.stopping.Load()
		default:
			c.eof = true
			return false
		}
	}
	return !c.source.stopping.Load()
}

// Write implements stage.Port.
func (c *conn) Write(b []byte) (int, error) {
	c.sock.SetWriteDeadline(time.Now().Add(writeWait))
	n, err := c.sock.Write(b)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, stage.ErrReset
	}
	return n, nil
}

func (c *conn) flush() {
	for more := true; more; {
		c.Writable()
		c.Locked(func(bool) {
			if more = c.wants; !more {
				c.flushing = false
			}
		})
		if more {
			time.Sleep(writePause)
		}
	}
}
