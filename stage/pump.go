package stage

// A Supply makes output of a connection when it can be written, and not before: what it holds back it may still put into another order. A
// protocol whose streams share a connection is one.
type Supply interface {
	// Take returns what is to be written next, and nothing when that is all. done is what the call before has returned, which is not needed
	// any more; nil is none. It is called with the lock of the connection held, by one goroutine at a time.
	Take(done []byte) []byte
}

// Pump writes what s has to c until that is all or the peer takes no more; then the rest follows when it does, and c takes from s on
// its own. What an answer of a [Outbox] adds meanwhile is written between two takings. The lane counts the bytes.
func (l *Lane) Pump(c *Conn, s Supply) {
	c.mu.Lock()
	n := c.pump(s, nil)
	c.review()
	c.mu.Unlock()
	l.counts[0].BytesOut += uint64(n)
}

// pump takes and writes as long as the peer takes all, and returns how many bytes that was. The lock is held.
func (c *Conn) pump(s Supply, taken []byte) (n int) {
	for c.out == nil && !c.dead {
		if taken = s.Take(taken); len(taken) == 0 {
			return n
		}
		n += len(taken)
		c.send(taken)
	}
	if c.out != nil && c.out.supply == nil {
		c.out.supply, c.out.taken = s, taken
	}
	return n
}
