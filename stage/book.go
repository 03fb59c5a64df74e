package stage

import "sync"

// A book holds answers that were made before their turn. Tickets in flight are bounded, so their places are a ring of
// slots indexed by ticket number; the bytes of all of them lie in one buffer. A connection has a book only while answers
// wait, and books are recycled.
type book struct {
	slots  []slot // a power of two
	buf    []byte
	live   int // bytes of buf that will still be written
	used   int // slots that are not empty
	shares map[uint32]share
	after  []byte // messages without a ticket that came in the middle of an answer
	corked []byte // what is in its turn and held back; live counts it too
}

type slot struct {
	from, to int
	n        uint32 // tickets that this slot settles
	state    uint8
}

const (
	someOf  = 1 + iota // some bytes of the answer, more to come
	whole              // the answer, or the first of a run
	covered            // inside the run of an earlier slot
)

// A share counts the children of a split request that have not arrived.
type share struct {
	left uint32
	lost bool // a child was dropped, so the answer cannot be made
}

var books = sync.Pool{New: func() any { return &book{slots: make([]slot, 16)} }}

func (c *Conn) open() *book {
	if c.book == nil {
		c.book = books.Get().(*book)
	}
	return c.book
}

// close gives the book back when nothing is in it.
func (c *Conn) close() {
	if b := c.book; b != nil && b.used == 0 && len(b.shares) == 0 && len(b.after) == 0 && len(b.corked) == 0 {
		c.book = nil
		b.recycle()
	}
}

// keepBook is the most memory, in bytes, that a book may keep for its next use.
const keepBook = 64 << 10

func (b *book) recycle() {
	if cap(b.buf)+cap(b.after)+cap(b.corked) > keepBook || len(b.slots) > keepBook/32 {
		return
	}
	if b.used > 0 {
		clear(b.slots)
	}
	b.buf, b.after, b.corked, b.live, b.used = b.buf[:0], b.after[:0], b.corked[:0], 0, 0
	clear(b.shares)
	books.Put(b)
}

func (b *book) at(seq uint32) *slot { return &b.slots[seq&uint32(len(b.slots)-1)] }

// grow makes room for tickets up to distance n from expect.
func (b *book) grow(expect, n uint32) {
	if n <= uint32(len(b.slots)) {
		return
	}
	old := b.slots
	size := len(old)
	for uint32(size) < n {
		size *= 2
	}
	b.slots = make([]slot, size)
	for i := range uint32(len(old)) {
		seq := expect + i
		*b.at(seq) = old[seq&uint32(len(old)-1)]
	}
}

// put parks the answer to r, or a part of it. None of its tickets has been settled before.
func (b *book) put(expect uint32, r run, p []byte) {
	b.grow(expect, r.seq+r.n-expect)
	s := b.at(r.seq)
	if s.state == 0 {
		s.from, s.to = len(b.buf), len(b.buf)
		b.used++
	} else if s.to != len(b.buf) { // something else was parked since: the parts must lie together
		from := len(b.buf)
		b.buf = append(b.buf, b.buf[s.from:s.to]...)
		s.from, s.to = from, len(b.buf)
	}
	b.buf = append(b.buf, p...)
	s.to = len(b.buf)
	b.live += len(p)
	s.state = someOf
	if r.kind == answer {
		s.state, s.n = whole, r.n
		for i := uint32(1); i < r.n; i++ {
			b.at(r.seq + i).state = covered
		}
		b.used += int(r.n) - 1
	}
	b.compact()
}

// settled says how many tickets of r, which is at or behind expect, have been settled before, and whether parts of an
// answer behind the first lie apart from it.
func (b *book) settled(expect uint32, r run) (n uint32, apart bool) {
	early := r.seq - expect
	for i := range r.n {
		if early+i >= uint32(len(b.slots)) {
			break
		}
		switch b.at(r.seq + i).state {
		case whole, covered:
			n++
		case someOf:
			apart = apart || i > 0
		}
	}
	return n, apart
}

// compact moves what is still to be written to the front when most of the buffer is behind us.
func (b *book) compact() {
	if len(b.buf) < 4096 || b.live*2 > len(b.buf) {
		return
	}
	buf := make([]byte, 0, b.live*2)
	for i := range b.slots {
		if s := &b.slots[i]; s.state == someOf || s.state == whole {
			from := len(buf)
			buf = append(buf, b.buf[s.from:s.to]...)
			s.from, s.to = from, len(buf)
		}
	}
	b.buf = buf
}

// take removes what is parked for ticket seq and returns its bytes, how many tickets it settles (none for a part), and
// whether there was anything.
func (b *book) take(seq uint32) (p []byte, n uint32, ok bool) {
	s := b.at(seq)
	if s.state == 0 {
		return nil, 0, false
	}
	p = b.buf[s.from:s.to]
	b.live -= len(p)
	if s.state == whole {
		n = s.n
	}
	b.used--
	*s = slot{}
	for i := uint32(1); i < n; i++ {
		*b.at(seq + i) = slot{}
		b.used--
	}
	return p, n, true
}
