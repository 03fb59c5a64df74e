package pool

import "errors"

var (
	errFailed = errors.New("a read or a write has failed")
	errUneven = errors.New("replies are owed, or were not read")
	errSpoilt = errors.New("the connection was discarded")
)

// Put gives c back, of which the caller must not use anything afterwards. It is closed instead, and counted with the reason,
// when a read or a write has failed, when what was Sent and Received differ, when its Reader holds something unread, or when
// the pool has no more use for it. Nothing happens after Discard. To give back what was given back panics.
func (p *Pool) Put(c *Conn) {
	b := c.b
	if c.out && c.marks.Load() == 0 && c.sent == c.received && b.state.Load() == 0 && !b.fifo {
		if now := p.clock.Load(); c.last.Load() != now {
			c.last.Store(now)
		}
		c.out = false
		if b.shards[c.shard].push(c.slot, b.next, b.share) {
			if b.state.Load() != 0 {
				b.attend()
			}
			return
		}
		c.out = true
	}
	c.put()
}

// PutN gives connections back.
func (p *Pool) PutN(cs []*Conn) {
	for _, c := range cs {
		p.Put(c)
	}
}

func (c *Conn) put() {
	b := c.b
	marks := c.marks.Load()
	if marks&markClosed != 0 {
		return
	}
	c.mustBeOut("given back")
	c.out = false
	if b.state.has(asleep) {
		b.wake()
	}
	switch {
	case b.state.has(shut):
		c.settle(nil)
		b.discard(c, ReasonClosed)
		return
	case marks&markFailed != 0:
		c.settle(errFailed)
		b.discard(c, ReasonError)
		return
	case !c.even():
		c.settle(errUneven)
		b.discard(c, c.uneven())
		return
	}
	c.settle(nil)
	c.unread()
	if marks&markDeadline != 0 {
		c.marks.And(^markDeadline)
		if c.raw.SetDeadline(noDeadline) != nil {
			b.discard(c, ReasonError)
			return
		}
	}
	c.last.Store(b.pool.clock.Load())
	if c.marks.Load() != 0 && !b.fit(c, false) {
		return
	}
	b.back(c)
}

// back makes c, which nobody has, idle or hands it over, unless there is no use for it.
func (b *backend) back(c *Conn) {
	switch err := b.refusal(); {
	case err == ErrClosed:
		b.discard(c, ReasonClosed)
	case err != nil:
		b.discard(c, ReasonRemoved)
	case b.hand(c):
	case b.full():
		b.discard(c, ReasonSurplus)
	default:
		b.keep(c)
		if b.state.Load() != 0 {
			b.attend()
		}
	}
}

// attend looks after what may have begun while a connection was made idle, too early to be seen and too late to see it.
func (b *backend) attend() {
	if b.refusal() != nil {
		b.sweep()
		return
	}
	for b.state.waiting() > 0 {
		c := b.take()
		if c == nil {
			break
		}
		b.counts.moved.Add(1)
		if !b.hand(c) {
			b.keep(c)
		}
	}
	if b.state.has(asleep) {
		b.wake()
	}
}
