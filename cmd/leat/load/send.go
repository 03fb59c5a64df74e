package load

import (
	"errors"
	"net"
	"os"
	"time"
)

// kick has the connection send what it may; it does not wait for another goroutine that is at it. That one looks again
// after it has let go of the lock, so a kick is never lost.
func (c *conn) kick() {
	if c.wake == nil {
		c.sendAll()
		return
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// write is the goroutine that sends on a connection that may block.
func (c *conn) write() {
	for {
		select {
		case <-c.wake:
			c.sendAll()
		case <-c.done:
			return
		}
	}
}

func (c *conn) sendAll() {
	for c.hasWork() && c.mu.TryLock() {
		c.send()
		c.mu.Unlock()
	}
}

// send makes one batch of requests and writes it. The caller holds mu.
func (c *conn) send() {
	if c.gone.Load() {
		return
	}
	now := c.r.now()
	n := c.take(c.room(), now)
	if n <= 0 {
		if c.stopped.Load() {
			c.poke()
		}
		return
	}
	out := c.compose(n, now)
	if written, err := c.writeAll(out.bytes, now); err != nil {
		c.failed(n-out.whole(written), err)
		c.poke()
	}
}

// writeAll writes b, whose requests began at began, and gives up when they have waited for Timeout. The deadline is set again only when
// it fires, not for each write: one that fires while nothing waits for so long costs a second try.
func (c *conn) writeAll(b []byte, began int64) (written int, err error) {
	if c.sock != nil {
		if written, err = c.sock.write(b); err != nil || written == len(b) {
			return written, err
		}
	}
	for {
		n, err := c.nc.Write(b[written:])
		written += n
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return written, err
		}
		left := time.Duration(began + int64(c.r.cfg.Timeout) - c.r.now())
		if left <= 0 {
			return written, errTimeout
		}
		if err := c.nc.SetWriteDeadline(time.Now().Add(left)); err != nil {
			return written, err
		}
		if c.gone.Load() || c.r.ctx.Err() != nil { // the deadline that fired was that of serve or of cancel
			return written, net.ErrClosed
		}
	}
}
