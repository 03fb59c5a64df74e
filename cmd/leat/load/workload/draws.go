package workload

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// draws is the sequence of random choices of one user. Two of the same user agree, which is how the judge of replies
// knows what was asked.
type draws struct {
	random  rand.PCG
	keys    int
	table   *alias
	inOrder bool // the keys one after the other instead
	next    int  // in order
}

func newDraws(s Spec, user int) draws {
	return draws{random: *rand.NewPCG(uint64(user), 0x6c656174), keys: s.Keys, table: s.table}
}

func (d *draws) command(s *shape) *command {
	if s.seldom == nil {
		return s.often
	}
	if n, _ := bits.Mul64(d.random.Uint64(), seldomOneOf); n == 0 {
		return s.seldom
	}
	return s.often
}

func (d *draws) key() int {
	if d.inOrder {
		d.next++
		return d.next - 1
	}
	// The high word of the product is the draw: its bias is below keys/2^64 (Lemire, arXiv:1805.10941). The low one is as
	// good as a second draw for the choice between two keys.
	key, rest := bits.Mul64(d.random.Uint64(), uint64(d.keys))
	if d.table != nil {
		return d.table.pick(int(key), uint32(rest>>32))
	}
	return int(key)
}

// weightOf is how often the key of a rank from 0 is drawn, but for a factor.
func weightOf(rank int, zipf float64) float64 { return math.Pow(float64(rank+1), -zipf) }

// An alias draws from any distribution in constant time (Vose, "A linear algorithm for generating random numbers with a given
// distribution", 1991): half of each column belongs to its own key, the rest to one other.
type alias struct {
	own   []uint32 // how much of 2^32 of a column is its own
	other []uint32
}

func newAlias(n int, weight func(i int) float64) *alias {
	var sum float64
	share := make([]float64, n)
	for i := range share {
		share[i] = weight(i)
		sum += share[i]
	}
	a := &alias{own: make([]uint32, n), other: make([]uint32, n)}
	var small, large []uint32
	for i := range share {
		share[i] *= float64(n) / sum
		if share[i] < 1 {
			small = append(small, uint32(i))
		} else {
			large = append(large, uint32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		a.own[s], a.other[s] = uint32(share[s]*(1<<32-1)), l
		if share[l] -= 1 - share[s]; share[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, rest := range [2][]uint32{small, large} { // what rounding has left is full columns
		for _, i := range rest {
			a.own[i], a.other[i] = 1<<32-1, i
		}
	}
	return a
}

// pick returns column or its other key, as fraction of 2^32 falls.
func (a *alias) pick(column int, fraction uint32) int {
	if fraction <= a.own[column] {
		return column
	}
	return int(a.other[column])
}
