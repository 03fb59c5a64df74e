package load

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// serve drives the connection to its end.
func (c *conn) serve() {
	defer c.r.live.Add(-1)
	err := c.converse()
	c.gone.Store(true)
	c.nc.Close()
	close(c.done)
	c.mu.Lock() // a write that was going on ends with the Close
	defer c.mu.Unlock()
	c.stopped.Store(true)
	c.endedAt = c.r.now()
	c.seen.flush(c.endedAt)
	if err == nil {
		err = c.sendErr
	}
	c.cause, c.cut = err, err != nil && c.r.ctx.Err() != nil
	if err != nil && !c.cut {
		c.r.lost.Add(max(0, c.inFlight()) + c.lost)
	}
}

// converse reads replies, and has requests sent as they make room, until nothing is left to do.
func (c *conn) converse() error {
	deadline := time.Now().Add(c.r.cfg.Timeout)
	if err := c.nc.SetReadDeadline(deadline); err != nil {
		return err
	}
	if c.wake == nil {
		// A write on a goroutine of its own is ended by the reader's timeout; this one may be on the reader's. Only TCP
		// is written to so, which survives a deadline that fires; TLS would not.
		if err := c.nc.SetWriteDeadline(deadline); err != nil {
			return err
		}
	}
	c.kick()
	for !c.over() {
		n, err := c.nc.Read(c.in)
		if n > 0 {
			now := c.r.now()
			if now >= c.r.from {
				c.seen.bytesIn += int64(n)
			}
			if err := c.settle(c.in[:n], now); err != nil {
				return err
			}
			c.seen.turn(now)
			c.kick()
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = c.rearm()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settle judges the replies in b, which was read at now.
func (c *conn) settle(b []byte, now int64) error {
	acked := c.acked.Load()
	defer func() { c.acked.Store(acked) }()
	for {
		if b = c.replies.discard(b); len(b) == 0 {
			return nil
		}
		if acked >= c.sent.Load() {
			return errExtra
		}
		var v verdict
		if b, v = c.replies.next(b); v == incomplete {
			return nil
		}
		sentAt := c.sentAt[acked%int64(len(c.sentAt))]
		began := sentAt
		if c.r.open() {
			began = c.dueTime(acked)
		}
		acked++
		switch {
		case v == wrong:
			c.seen.wrong++
			if c.seen.example == "" {
				c.seen.example = fmt.Sprintf("connection %d, %s", c.id, c.replies.why)
			}
		case began >= c.r.from:
			c.seen.add(now, now-began, now-sentAt)
		}
	}
}

// rearm is called when the read deadline has fired. Like that of writing it is set again only then, for when the oldest request
// in flight will be too old; so requests cost no timers and the timeout is still exact.
func (c *conn) rearm() error {
	now, timeout := c.r.now(), int64(c.r.cfg.Timeout)
	left := timeout
	if c.inFlight() > 0 {
		left -= now - c.sentAt[c.acked.Load()%int64(len(c.sentAt))]
	}
	if left <= 0 {
		return errTimeout
	}
	// A poke may have come before this deadline replaces its own; converse looks at over after it.
	return c.nc.SetReadDeadline(time.Now().Add(time.Duration(left)))
}
