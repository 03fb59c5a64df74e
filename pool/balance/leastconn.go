package balance

import (
	"math"
	"sync/atomic"
)

// LeastConn gives to the one with the fewest requests in flight relative to its weight. It looks at every member, from one that is
// drawn in proportion to the weights on, and takes the first of several: so an idle set is used in proportion to the weights.
// For more than some twenty members [P2C] is nearly as good and costs less.
func LeastConn() Policy { return leastConn{} }

type leastConn struct{}

func (leastConn) String() string { return "least connections" }

func (leastConn) Build(members []*Member, seed uint64) Picker {
	p := &leastConnPicker{}
	p.dice.seed(seed)
	p.Refresh(members)
	return p
}

type leastConnPicker struct {
	lot  atomic.Pointer[lot]
	dice dice
}

func (p *leastConnPicker) Refresh(members []*Member) { p.lot.Store(newLot(members)) }

func (p *leastConnPicker) Pick(r Request) *Member {
	l := p.lot.Load()
	n := len(l.members)
	if n == 0 {
		return nil
	}
	first := l.draw(uint32(p.dice.roll() >> 32))
	if m := l.members[first]; m != r.Avoid && m.inFlight.Load() == 0 {
		return m
	}
	best := min(l.least(first, n, 0, r.Avoid), l.least(0, first, n-first, r.Avoid))
	if i := first + int(best&slotMask); i < n {
		return l.members[i]
	}
	return l.members[first+int(best&slotMask)-n]
}

// least is the least loaded of the members from and up to an index: its load, a float32, above how many come before it, which is
// after for the first. One comparison of both at once has no branch that the processor would guess wrong.
func (l *lot) least(from, to, after int, avoid *Member) uint64 {
	best := uint64(math.MaxUint64)
	for i, m := range l.members[from:to] {
		load := uint64(math.Float32bits(float32(m.inFlight.Load())*float32(l.inverse[from+i]))) << 16
		if m == avoid {
			load = uint64(math.Float32bits(float32(math.Inf(1)))) << 16
		}
		best = min(best, load|uint64(after+i))
	}
	return best
}
