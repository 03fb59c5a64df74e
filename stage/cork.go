package stage

import "time"

// A cork holds answers back although their turn has come, on connections of which answers that come later are there already:
// another lane is about to make what is missing in between, and then writes all of it at once. Without it each of several lanes
// that share the requests of a connection would write what it can, which costs a system call each time.
//
// Nothing is held back while its lane waits for input, nor when a batch ends corkTime after the first was. A lane whose batches
// take that long holds nothing back until it has rested: its answers have waited long enough for the end of the batch.
type cork struct {
	may     bool
	slow    bool
	conns   []*Conn // some may have been written by others
	since   time.Time
	batches int // that have ended since
}

// corkTime is some tens of system calls, and less than a sleeping processor may need to wake.
const corkTime = 100 * time.Microsecond

// MayCork lets the lane hold answers back for those that are missing in between. Whoever asks for it calls [Lane.Uncork] before
// the lane rests, or waits for anything else.
func (l *Lane) MayCork() { l.Outbox().cork.may = true }

// Corked says whether the lane has held answers back.
func (l *Lane) Corked() bool { return l.outbox != nil && len(l.outbox.cork.conns) > 0 }

// Uncork writes what is still held back.
func (l *Lane) Uncork() {
	if l.outbox != nil {
		l.outbox.cork.pull()
		l.outbox.cork.slow = false
	}
}

func (k *cork) pull() {
	for i, c := range k.conns {
		c.uncork()
		k.conns[i] = nil
	}
	k.conns = k.conns[:0]
}

// ended is called when a batch ends, before it is written.
func (k *cork) ended() {
	if len(k.conns) == 0 {
		return
	}
	if k.batches++; time.Since(k.since) >= corkTime {
		k.slow = k.batches == 1
		k.pull()
	}
}

// add notes that something of c is held back by the lane, whoever else holds something back of it.
func (k *cork) add(c *Conn) {
	switch n := len(k.conns); {
	case n == 0:
		k.since, k.batches = time.Now(), 0
	case k.conns[n-1] == c:
		return
	}
	k.conns = append(k.conns, c)
}

// hold keeps b, whose turn has come, in the book if later answers wait there and the peer is not slow, unless that would stop
// the reading. It reports whether it has done so. The lock is held.
func (c *Conn) hold(b []byte) bool {
	if len(b) == 0 || c.dead || c.mid || c.out != nil || c.book == nil || c.book.live == len(c.book.corked) || c.waiting()+len(b) > c.terms.OutHigh {
		return false
	}
	c.book.corked = append(c.book.corked, b...)
	c.book.live += len(b)
	c.review()
	return true
}

// corked is the number of bytes that are held back. The lock is held.
func (c *Conn) corked() int {
	if c.book == nil {
		return 0
	}
	return len(c.book.corked)
}

// release puts what is held back in front of b. The result is good until something is held again. The lock is held.
func (c *Conn) release(b []byte) []byte {
	if c.corked() == 0 {
		return b
	}
	c.book.live -= len(c.book.corked)
	b = append(c.book.corked, b...)
	c.book.corked = b[:0]
	return b
}

func (c *Conn) uncork() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.corked() > 0 {
		c.write(c.release(nil))
	}
}
