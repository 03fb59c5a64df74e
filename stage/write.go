package stage

// An outQueue is output that the peer has not taken yet. Most connections have none, which is why it is apart from them.
type outQueue struct {
	bytes  []byte // at least one
	stuck  int64  // Terms.Now of the latest progress
	supply Supply // to be pumped behind bytes; or nil
	taken  []byte // what it gave last
}

// write sends b, as far as the peer takes it now, and keeps a copy of the rest. Then it looks whether what was settled lets
// the connection be read again, or closed. The lock is held.
func (c *Conn) write(b []byte) {
	if c.dead {
		return
	}
	if len(b) > 0 && !c.send(c.release(b)) {
		return
	}
	c.close()
	c.review()
}

// send is the part of write that can end the connection, which it reports as false.
func (c *Conn) send(b []byte) bool {
	if c.waiting() > c.terms.OutHard {
		c.fail(ErrSlowReader)
		return false
	}
	now := c.terms.Now.Load()
	if c.active.Load() != now {
		c.active.Store(now)
	}
	if c.out == nil {
		n, err := c.port.Write(b)
		if err != nil {
			c.fail(err)
			return false
		}
		if b = b[n:]; len(b) == 0 {
			return true
		}
		c.out = &outQueue{stuck: now}
	}
	all := c.terms.held.Add(int64(len(b)))
	c.out.bytes = append(c.out.bytes, b...)
	if most := c.terms.OutTotal; most > 0 && all > int64(most) && len(c.out.bytes) > c.terms.OutHigh {
		c.fail(ErrSlowReader)
		return false
	}
	return true
}

// review brings the reasons for not reading up to date, tells the port, and closes a connection that owes nothing.
func (c *Conn) review() {
	switch w := c.waiting(); {
	case w > c.terms.OutHigh && (c.out == nil || c.out.supply == nil): // two sides that share their streams must not wait for each other's reading
		c.pause |= pauseOutput
	case w <= c.terms.OutLow:
		c.pause &^= pauseOutput
	}
	if c.pause&pauseTickets != 0 && int(c.issued.Load()-c.expect) <= c.terms.InFlight/2 {
		c.pause &^= pauseTickets
	}
	if c.pause&pauseAlone != 0 && c.issued.Load() == c.expect {
		c.pause &^= pauseAlone
	}
	c.want()
	c.finish()
}

// Writable is called by the source when the peer takes bytes again, after [Port.Want] has asked for it.
func (c *Conn) Writable() {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.out
	if c.dead || out == nil {
		return
	}
	n, err := c.port.Write(out.bytes)
	if err != nil {
		c.fail(err)
		return
	}
	if n > 0 {
		now := c.terms.Now.Load()
		out.stuck = now
		c.active.Store(now)
	}
	c.terms.held.Add(-int64(n))
	if out.bytes = out.bytes[n:]; len(out.bytes) == 0 { // not moved to the front: a peer may take a long answer in many small steps
		c.out = nil
		if out.supply != nil {
			c.pump(out.supply, out.taken)
		}
	}
	c.review()
}
