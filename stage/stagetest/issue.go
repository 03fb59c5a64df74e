package stagetest

import "github.com/leat-io/leat/stage"

// Issue makes the messages of batch the next requests of c, as codec.Decode does on the lane that reads c: each gets a
// ticket and keeps its slab. It does not ask how many may be in flight.
func Issue[T any](l *stage.Lane, c *stage.Conn, batch ...*T) {
	next := c.Issued()
	for _, m := range batch {
		h := stage.HeadOf(m)
		c.Issue(h, next, h.Slab())
		next++
	}
	c.Publish(next)
	l.Opened(len(batch))
}

// Read fills s as a source does that has read data from c: the bytes lie in a slab of l.
func Read(l *stage.Lane, s *stage.Segment, c *stage.Conn, data string) {
	s.SetConn(c)
	if data == "" {
		return
	}
	slab, b := l.Bytes(len(data))
	copy(b, data)
	s.SetSlab(slab)
	s.Data = b
	c.Received()
}
