package balance

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"sync/atomic"
)

// Maglev gives each key a member of its own through a table that members fill in turns, each by an order of its own
// (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016), weighted as Envoy does. A pick
// costs the same for any number of members, and each gets its part of the keys within one by the number of its entries.
// Every process with the same names and weights gives a key the same member, in whatever order it lists them.
//
// When a member comes or goes, its own keys move and, of all others, 0.3 % beside sixteen members and 0.6 % beside a hundred
// with the default table, measured; a smaller table moves more. While a member is not available, its keys alone move,
// spread over all others.
func Maglev(table ...Table) Policy { return maglev{one(table, DefaultTable)} }

// Table is the number of entries of a [Maglev], a prime. It should be at least a hundred times the number of members that
// there may ever be (section 5.3 of the paper): another table moves nearly all keys. Two bytes an entry.
type Table int

// DefaultTable is the smaller of the two that the paper measures, rounded up to a prime: up to 650 members.
const DefaultTable Table = 65537

// maxTable is Envoy's bound: 5 000 011 entries take 10 MB and most of a second to fill.
const maxTable Table = 5_000_011

type maglev struct{ table Table }

func (p maglev) String() string { return parameter("maglev", "table", p.table, DefaultTable) }

func (maglev) byKey() {}

func (p maglev) check() error {
	if p.table < 2 || p.table > maxTable || !big.NewInt(int64(p.table)).ProbablyPrime(0) {
		return fmt.Errorf("the table needs a prime number of entries, at most %d, not %d", maxTable, p.table)
	}
	return nil
}

func (p maglev) Build(members []*Member, _ uint64) Picker {
	m := &maglevPicker{size: int(p.table)}
	m.Refresh(members)
	return m
}

type maglevPicker struct {
	size  int
	state atomic.Pointer[maglevState]
}

type maglevState struct {
	roster    roster
	table     []uint16 // indices of members
	available []*Member
}

func (p *maglevPicker) Refresh(members []*Member) {
	s := &maglevState{roster: newRoster(members), available: available(members)}
	if old := p.state.Load(); old != nil && old.roster.equal(s.roster) {
		s.table = old.table
	} else {
		s.table = fill(s.roster, p.size)
	}
	p.state.Store(s)
}

// looks is how far a pick looks along a table or a ring for a member that can serve it, so that its time is bounded.
const looks = 128

func (p *maglevPicker) Pick(r Request) *Member {
	s := p.state.Load()
	if len(s.available) == 0 {
		return nil
	}
	h := mix(r.Key)
	i := scale(h, len(s.table))
	for range looks {
		if m := s.roster.members[s.table[i]]; m.admits(h) && m != r.Avoid {
			return m
		}
		if i++; i == len(s.table) {
			i = 0
		}
	}
	return detour(s.available, h, r.Avoid)
}

// A filler is a member that fills its entries of the table.
type filler struct {
	member uint16
	id     uint64
	weight float64 // relative to the greatest
	turns  float64 // that it has had, in the same measure
	next   int     // the entry that it wants next
	skip   int     // from one wanted entry to the following
}

// fill makes a table of the size, a prime. It is empty when nobody has a weight.
func fill(r roster, size int) []uint16 {
	fillers := newFillers(r, size)
	if len(fillers) == 0 {
		return nil
	}
	const free = 1<<16 - 1 // more than any index
	table := slices.Repeat([]uint16{free}, size)
	left := size
	for turn := 1.0; ; turn++ {
		for i := range fillers {
			f := &fillers[i]
			if turn*f.weight < f.turns { // the one of greatest weight has its turn each time
				continue
			}
			f.turns++
			for table[f.next] != free {
				f.advance(size)
			}
			table[f.next] = f.member
			f.advance(size)
			if left--; left == 0 {
				return table
			}
		}
	}
}

func (f *filler) advance(size int) {
	if f.next += f.skip; f.next >= size {
		f.next -= size
	}
}

func newFillers(r roster, size int) []filler {
	var fillers []filler
	greatest := slices.Max(append([]float64{0}, r.weights...))
	for i, w := range r.weights {
		if w > 0 {
			id := r.members[i].id
			fillers = append(fillers, filler{
				member: uint16(i), id: id, weight: w / greatest,
				next: scale(mix(id+gamma), size),
				skip: 1 + scale(mix(id^gamma), size-1),
			})
		}
	}
	slices.SortFunc(fillers, func(a, b filler) int { return cmp.Compare(a.id, b.id) })
	return fillers
}
