package stage

import (
	"sync/atomic"
	"unsafe"
)

// SlabSize is the size of one slab in bytes. A reactor fills it from many connections in one wake-up, and it is half of a
// usual first-level and a small part of a second-level cache.
const SlabSize = 64 << 10

// A Slab is a block of bytes owned by one lane, its origin, in which messages of many connections lie behind one another.
//
// The count of references is split so that the origin does not share a cache line with those who give back: lent is plain
// and only the origin touches it, back is atomic and everybody else adds to it. Nothing is sent home: when the origin
// needs a slab it looks for one whose counts are equal.
type Slab struct {
	mem    []byte
	off    int    // bytes taken
	batch  uint32 // of the origin, in which bytes were last taken
	lent   uint32
	origin *Lane
	_      [64]byte
	back   atomic.Uint32
	_      [60]byte
}

// retain takes n references. A lane other than the origin must hold one already, so that the counts stay unequal.
func (s *Slab) retain(l *Lane, n uint32, who string) {
	noteHold(s, who, int(n))
	if s.origin == l {
		s.lent += n
	} else {
		s.back.Add(-n)
	}
}

func (s *Slab) release(l *Lane, n uint32, who string) {
	noteHold(s, who, -int(n))
	if s.origin == l {
		s.lent -= n
	} else {
		s.back.Add(n)
	}
}

// has says whether p points into the slab.
func (s *Slab) has(p *byte) bool {
	lo := uintptr(unsafe.Pointer(&s.mem[0]))
	at := uintptr(unsafe.Pointer(p))
	return at >= lo && at < lo+uintptr(len(s.mem))
}

func (s *Slab) free(batch uint32) bool { return s.batch != batch && s.lent == s.back.Load() }

// slabs are the slabs of one lane.
type slabs struct {
	lane *Lane
	cur  *Slab
	full []*Slab // not cur; some may be free
	made int
}

// Bytes takes n bytes that live as long as the batch, or as long as somebody holds their slab. More than a slab has are
// taken from the collected heap: their slab is nil.
func (l *Lane) Bytes(n int) (*Slab, []byte) {
	s := l.slabs.cur
	if s == nil || len(s.mem)-s.off < n {
		if n > SlabSize {
			return nil, make([]byte, n)
		}
		s = l.slabs.next()
	}
	b := s.mem[s.off : s.off+n : s.off+n]
	s.off += n
	s.batch = l.batch
	return s, b
}

// Unread gives back the last n of the bytes that were taken last, which must have come from a slab.
func (l *Lane) Unread(n int) { l.slabs.cur.off -= n }

// SlabsMade is how many slabs the lane has allocated.
func (l *Lane) SlabsMade() int { return l.slabs.made }

func (a *slabs) next() *Slab {
	if a.cur != nil {
		a.full = append(a.full, a.cur)
	}
	for i, s := range a.full {
		if s.free(a.lane.batch) {
			last := len(a.full) - 1
			a.full[i], a.full[last] = a.full[last], nil
			a.full = a.full[:last]
			s.scrub(s.off)
			s.off, a.cur = 0, s
			return s
		}
	}
	a.cur = &Slab{mem: make([]byte, SlabSize), origin: a.lane}
	a.made++
	return a.cur
}

// rewind uses the same bytes again, which are still in the cache, when nobody has kept any.
func (a *slabs) rewind() {
	if s := a.cur; s != nil && s.off > 0 && s.lent == s.back.Load() {
		s.scrub(s.off)
		s.off = 0
	}
}
