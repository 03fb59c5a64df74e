package pool

import "time"

// noDeadline takes deadlines away.
var noDeadline time.Time

// rest is how long a connection may have been idle to be used without a look at it. The watcher notices an end long before
// that, unless the machine is so busy that it is late.
const rest = tick

// ready says whether c, which nobody has and which was idle, can be used.
func (b *backend) ready(c *Conn) bool {
	if c.marks.Load() == 0 && b.pool.clock.Load()-c.last.Load() < rest {
		return true
	}
	return b.fit(c, true)
}

// fit says whether c, which nobody has, can be used. If not, it is closed.
func (b *backend) fit(c *Conn, look bool) bool {
	r, dead := c.verdict(look)
	if dead {
		b.discard(c, r)
	}
	return !dead
}

// verdict says whether a connection that nobody has is at its end, and why. It looks at what has arrived if something was
// seen to arrive, or if look says so.
func (c *Conn) verdict(look bool) (r Reason, dead bool) {
	switch marks := c.marks.Load(); {
	case marks&markPeer != 0:
		return ReasonPeer, true
	case marks&markExpired != 0:
		return ReasonLifetime, true
	case c.b.pool.now()-c.last.Load() >= c.mayRest:
		return ReasonIdle, true
	case marks&markReadable != 0:
		c.marks.And(^markReadable) // first, so that what arrives now marks it again
	case !look:
		return 0, false
	}
	switch c.socket.ask() {
	case anEnd:
		return ReasonPeer, true
	case someBytes:
		return ReasonUnread, true
	}
	return 0, false
}
