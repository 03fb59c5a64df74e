package stage

// StartAt lets the tickets of a new connection begin with seq.
func (c *Conn) StartAt(seq uint32) {
	c.issued.Store(seq)
	c.expect, c.settled = seq, seq
}

// InBook says how many bytes of memory the connection's book has, and whether it has one.
func (c *Conn) InBook() (capacity int, open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.book == nil {
		return 0, false
	}
	return cap(c.book.buf) + cap(c.book.after), true
}

// OutCap is how much memory the connection has for output that waits for the peer.
func (c *Conn) OutCap() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out == nil {
		return 0
	}
	return cap(c.out.bytes)
}

// OpenTickets is how many tickets the lane believes its batch to own.
func (l *Lane) OpenTickets() int { return l.opened }

// Slabs is how many slabs the lane has, and how many of them nobody holds.
func (l *Lane) Slabs() (all, free int) {
	for _, s := range append(l.slabs.full[:len(l.slabs.full):len(l.slabs.full)], l.slabs.cur) {
		if s != nil {
			all++
			if s.lent == s.back.Load() {
				free++
			}
		}
	}
	return all, free
}
