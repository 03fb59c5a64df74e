package stage

// What a pipeline needs that gives recorded messages to a stage once more, on connections of its own.

// Rebind moves h, the head of a copy of a message, to another connection, ticket and slab. The copy owns there what the
// original owned when it was copied.
func (h *Head) Rebind(c *Conn, seq uint32, s *Slab) { h.conn, h.seq, h.slab = c, seq, s }

// Child says whether the message owns a share of a request that [Split] has divided.
func (h *Head) Child() bool { return h.bits&(child|open) == child|open }

// Share divides a ticket among n children, as [Split] does with the one that a message owns.
func (c *Conn) Share(seq uint32, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return
	}
	b := c.open()
	if b.shares == nil {
		b.shares = map[uint32]share{}
	}
	b.shares[seq] = share{left: uint32(n)}
}
