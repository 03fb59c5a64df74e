package pool

// seat gives c a slot. There is one for each place.
func (b *backend) seat(c *Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.free); n > 0 {
		c.slot, b.free = b.free[n-1], b.free[:n-1]
	} else {
		c.slot = uint16(b.used)
		b.used++
	}
	b.table[c.slot].Store(c)
}

// discard closes c, which nobody else has.
func (b *backend) discard(c *Conn, r Reason) {
	b.mu.Lock()
	b.unseat(c)
	b.mu.Unlock()
	b.end(c, r)
}

// unseat takes the slot back. The lock is held.
func (b *backend) unseat(c *Conn) {
	b.table[c.slot].Store(nil)
	b.free = append(b.free, c.slot)
}

// end closes c, which has no slot any more.
func (b *backend) end(c *Conn, r Reason) {
	c.marks.Or(markClosed)
	c.unread()
	c.raw.Close()
	b.count(r, c.age())
	b.release()
}
