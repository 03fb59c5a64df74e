package load

import (
	"errors"
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

func (c *conn) hasWork() bool {
	return !c.stopped.Load() && c.inFlight() < int64(c.r.cfg.Depth) && (!c.r.open() || c.backlog() > 0)
}

// send makes one batch of requests and writes it. The caller holds mu.
func (c *conn) send() {
	now := c.r.now()
	n := c.take(min(int64(c.r.cfg.Depth)-c.inFlight(), int64(len(c.out)/c.r.wire)), now)
	if n <= 0 {
		return
	}
	first := c.sent.Load()
	b := c.out[:int(n)*c.r.wire]
	for i := range n {
		c.sentAt[(first+i)%int64(len(c.sentAt))] = now
		c.r.cfg.Protocol.put(b[int(i)*c.r.wire:][:c.r.wire], &c.request)
		c.request.next()
	}
	c.sent.Store(first + n)
	if written, err := c.writeAll(b, now); err != nil {
		// Replies that have arrived can still be read, so the connection is left to the reader.
		whole := int64(written / c.r.wire)
		c.lost, c.sendErr = n-whole, err
		c.sent.Store(first + whole)
		c.stop()
	}
}

// take asks for leave to begin up to n requests at now and returns how many are granted.
func (c *conn) take(n, now int64) int64 {
	r := c.r
	switch {
	case r.open() && now >= r.last:
		c.stop()
		return 0
	case r.open():
		return min(n, c.backlog())
	case now >= r.end:
		c.stop()
		return 0
	case r.cfg.Requests == 0 || now < r.from:
		return n
	}
	n = min(n, n+r.budget.Add(-n))
	if n <= 0 {
		c.stop()
	}
	return n
}

// stop ends the sending for good.
func (c *conn) stop() {
	c.stopped.Store(true)
	c.poke()
}

// writeAll writes b, whose requests began at began, and gives up when they have waited for Timeout. The deadline is set again only when
// it fires, not for each write: one that fires while nothing waits for so long costs a second try.
func (c *conn) writeAll(b []byte, began int64) (written int, err error) {
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
	}
}
