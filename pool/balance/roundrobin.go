package balance

import (
	"math/bits"
	"slices"
	"sync/atomic"
)

// RoundRobin gives to each in turn, whatever the weights: [Weighted] regards them.
func RoundRobin() Policy { return roundRobin{} }

type roundRobin struct{}

func (roundRobin) String() string { return "round robin" }

func (roundRobin) Build(members []*Member, seed uint64) Picker {
	p := &roundRobinPicker{order: available, passes: true}
	p.count.Store(uint32(seed)) // so that many balancers do not begin with the same member
	p.Refresh(members)
	return p
}

// A roundRobinPicker gives out turns in an order that is computed when something changes.
type roundRobinPicker struct {
	order  func(members []*Member) []*Member
	passes bool // a member in slow start passes turns on, rather than have fewer in the order
	turns  atomic.Pointer[turns]
	_      pad
	count  atomic.Uint32
	_      pad
}

// turns are one round.
type turns struct {
	members []*Member
	inverse uint64 // 2^64 divided by their number, rounded up
	passes  bool   // some pass turns on
}

func (p *roundRobinPicker) Refresh(members []*Member) {
	t := &turns{members: p.order(members)}
	if n := uint64(len(t.members)); n > 0 {
		t.inverse = ^uint64(0)/n + 1
	}
	t.passes = p.passes && slices.ContainsFunc(t.members, (*Member).inSlowStart)
	p.turns.Store(t)
}

// at is the member whose turn the i-th is: i modulo their number, without a division (Lemire, Kaser and Kurz, "Faster
// Remainder by Direct Computation", 2019).
func (t *turns) at(i uint32) *Member {
	hi, _ := bits.Mul64(t.inverse*uint64(i), uint64(len(t.members)))
	return t.members[hi]
}

func (p *roundRobinPicker) Pick(r Request) *Member {
	t := p.turns.Load()
	if len(t.members) == 0 {
		return nil
	}
	i := p.count.Add(1)
	m := t.at(i)
	if m != r.Avoid && !t.passes {
		return m
	}
	return t.from(i, r.Avoid)
}

// from is the first of the members from the i-th turn on that is not to be avoided and does not pass it on.
func (t *turns) from(i uint32, avoid *Member) *Member {
	h := mix(uint64(i))
	other := avoid
	for range t.members {
		m := t.at(i)
		i++
		if m == avoid {
			continue
		}
		if !t.passes || m.admits(h) {
			return m
		}
		other = m
	}
	return other
}
