package load

import (
	"errors"
	"os"
	"time"
)

// serve drives the connection to its end.
func (c *conn) serve() {
	defer c.r.live.Add(-1)
	err := c.converse()
	c.gone.Store(true)
	c.stopped.Store(true)
	close(c.done)
	_ = c.nc.SetDeadline(past) // ends a write that is going on
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nc.Close()
	c.conclude(err)
}

// converse reads replies, and has requests sent as they make room, until nothing is left to do.
func (c *conn) converse() (err error) {
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
	if err := c.r.ctx.Err(); err != nil { // a cancel may have come before the deadlines that replaced its own
		return err
	}
	var failed error
	took := func(n int) (more bool) {
		if failed = c.received(c.desk.in[:n], c.r.now()); failed != nil {
			return false
		}
		c.kick()
		return !c.over()
	}
	c.kick()
	for !c.over() {
		if err := c.read(took); err != nil && failed == nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				return err
			}
			failed = c.rearm()
		}
		if failed != nil {
			return failed
		}
	}
	return nil
}

// read hands what comes to took, once or until took returns false.
func (c *conn) read(took func(n int) bool) error {
	if c.sock != nil {
		return c.sock.read(c.desk.in, took)
	}
	n, err := c.nc.Read(c.desk.in)
	if n > 0 {
		took(n)
	}
	return err
}

// rearm is called when the read deadline has fired. Like that of writing it is set again only then, for when the oldest request
// in flight will be too old; so requests cost no timers and the timeout is still exact.
func (c *conn) rearm() error {
	now, timeout := c.r.now(), int64(c.r.cfg.Timeout)
	left := timeout
	if c.inFlight() > 0 {
		left -= now - c.oldest()
	}
	if left <= 0 {
		return errTimeout
	}
	if err := c.nc.SetReadDeadline(time.Now().Add(time.Duration(left))); err != nil {
		return err
	}
	// A poke may have come before this deadline replaced its own; converse looks at over after it. So may a cancel.
	return c.r.ctx.Err()
}
