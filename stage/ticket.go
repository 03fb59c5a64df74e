package stage

// Issue stamps h as the next request of c and gives it a ticket, whose bytes lie in s. Only the reading lane calls it, with
// a grant that [Conn.Grant] gave, and tells the lane with [Lane.Opened].
func (c *Conn) Issue(h *Head, seq uint32, s *Slab) {
	h.conn, h.slab, h.seq, h.bits = c, s, seq, ticketed|open
}

// Issued returns how many tickets have been given out; the next one has this number.
func (c *Conn) Issued() uint32 { return c.issued.Load() }

// Publish says that tickets up to next have been given out. The reading lane calls it once per segment, before any message
// of the segment leaves the lane.
func (c *Conn) Publish(next uint32) { c.issued.Store(next) }

// Grant asks how many tickets may be given out now. When there are none it stops the reading of the connection, which goes
// on when half of those in flight have been answered in their turn, or are void.
func (c *Conn) Grant() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead || c.ended || c.pause != 0 {
		return 0
	}
	n := c.terms.InFlight - int(c.issued.Load()-c.expect)
	if n > 0 {
		return n
	}
	c.pause |= pauseTickets
	c.want()
	return 0
}

// Alone asks whether no request is in flight. When some are it stops the reading of the connection, which goes on when the
// last of them has been answered, or is void.
func (c *Conn) Alone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead || c.ended {
		return false
	}
	if c.issued.Load() == c.expect {
		return true
	}
	c.pause |= pauseAlone
	c.want()
	return false
}

// Settle settles one ticket at once with b, which may be empty. It is for answers that are not made of a message, such as
// the refusal of bytes that could not be decoded; messages are settled by their lane's [Outbox].
func (c *Conn) Settle(seq uint32, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var w writer
	c.answer(&w, run{seq: seq, n: 1}, b)
	c.write(w.bytes())
}

// A run is consecutive tickets of one connection that are answered together.
type run struct {
	seq, n   uint32
	kind     uint8
	from, to int // bytes of the outbox
	next     int // the next run of the same connection in the outbox, or 0
}

const (
	answer  = iota // settles its tickets
	partial        // bytes of an answer, of which more follow
	unasked        // a message without a ticket
)

var errTwice = &Reason{"answered twice", "a request was answered a second time, in one piece with another answer"}

// answer puts p, the answer to r, in its place: into w when its turn has come, into the book when not. It returns how many
// tickets of r had, or may have, been settled before; for those p is ignored. The lock is held, and w must be written before it is given
// up.
func (c *Conn) answer(w *writer, r run, p []byte) (ignored uint32) {
	if r.kind == unasked {
		c.unasked(w, p)
		return 0
	}
	n := r.n
	if r.kind == partial {
		n = 0
	}
	early := r.seq - c.expect
	if early >= c.issued.Load()-c.expect { // behind us, or never issued
		if behind := c.expect - r.seq; behind < r.n && !c.dead {
			return c.twice(r, behind)
		}
		c.terms.Ignored.Add(uint64(r.n))
		return n
	}
	switch {
	case c.dead:
		c.settled += n
		return n // it no longer knows which were settled before
	case early != 0:
		if len(p) > 0 && c.waiting()-c.corked() > c.terms.OutHard { // what is held back would have been written
			c.settled += n
			c.fail(ErrBehind)
			return 0
		}
		b := c.open()
		switch before, apart := b.settled(c.expect, r); {
		case before == r.n:
			c.terms.Ignored.Add(uint64(r.n))
			return n
		case before > 0 || apart:
			return c.twice(r, before)
		default:
			b.put(c.expect, r, p)
			c.settled += n
		}
	case n == 0:
		w.put(p)
		c.mid = true
	default:
		if n > 1 && c.book != nil {
			if before, apart := c.book.settled(c.expect, r); before > 0 || apart {
				return c.twice(r, before)
			}
		}
		w.put(p)
		c.mid = false
		c.expect += n
		c.settled += n
		if c.book != nil {
			c.turn(w)
		}
	}
	return 0
}

// twice ends a connection of which some tickets of r, before of them, had been settled and others not: the answers lie in
// one piece, so those that are new cannot be told from those that are not.
func (c *Conn) twice(r run, before uint32) (ignored uint32) {
	c.terms.Ignored.Add(uint64(before))
	c.settled += r.n - before
	c.fail(errTwice)
	return r.n
}

// unasked writes a message that has no ticket between two answers.
func (c *Conn) unasked(w *writer, p []byte) {
	switch {
	case c.dead:
	case c.mid && c.waiting() > c.terms.OutHard:
		c.fail(ErrSlowReader)
	case c.mid:
		b := c.open()
		b.after = append(b.after, p...)
		b.live += len(p)
	default:
		w.put(p)
	}
}

// turn takes out of the book whatever can be written now that expect has moved.
func (c *Conn) turn(w *writer) {
	b := c.book
	for !c.mid {
		w.put(b.after)
		b.live -= len(b.after)
		b.after = nil // w may still point at it
		p, n, ok := b.take(c.expect)
		if !ok {
			return
		}
		w.put(p)
		c.mid = n == 0
		c.expect += n
	}
}

// void settles what h owns with nothing.
func (h *Head) void() {
	c, bits := h.conn, h.bits
	h.bits &^= open
	if c == nil || bits&(open|ticketed) != open|ticketed {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if bits&child != 0 {
		c.arrive(h.seq, true)
		return
	}
	c.forget(h.seq)
}

// forget settles a ticket with nothing. The lock is held.
func (c *Conn) forget(seq uint32) {
	var w writer
	c.answer(&w, run{seq: seq, n: 1}, nil)
	c.write(w.bytes())
}

// Waiting tells the sweep of timeouts how far the connection is: whether a message has been begun and not completed, and
// whether one was completed just now. The reading lane calls it once per segment.
func (c *Conn) Waiting(incomplete, completed bool) {
	if completed && !c.answered.Load() {
		c.answered.Store(true)
	}
	switch {
	case !incomplete:
		if c.begun.Load() != 0 && c.answered.Load() {
			c.begun.Store(0)
		}
	case completed || c.begun.Load() == 0:
		c.begun.Store(c.terms.Now.Load())
	}
}
