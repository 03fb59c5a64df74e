package balance

import (
	"math"
)

// Weighted gives to each in turn in proportion to the weights, and spreads the turns of each over those of others: nginx's
// smooth weighted round robin. Weights 5, 1 and 1 give a a b a c a a. The turns are computed when something changes, for
// one round or, where a round would have more than 16 384 turns, for about as many. That takes about a millisecond for up to
// 64 members and 20 ms for a thousand.
func Weighted() Policy { return weighted{} }

type weighted struct{}

func (weighted) String() string { return "weighted" }

func (weighted) Build(members []*Member, seed uint64) Picker {
	p := &roundRobinPicker{order: smooth}
	p.count.Store(uint32(seed))
	p.Refresh(members)
	return p
}

// mostTurns bounds the memory of a round, 8 bytes a turn, and mostWork the time to compute it: a turn looks at every member,
// and a million looks take about a millisecond.
const (
	mostTurns = 1 << 14
	mostWork  = 1 << 20
)

// smooth is one round of turns of the members that are available. In each turn every member earns its weight; the richest has
// the turn, the first of several, and pays what all have earned.
func smooth(members []*Member) []*Member {
	members = available(members)
	weights, total := wholeWeights(members)
	earned := make([]int, len(members))
	turns := make([]*Member, 0, total)
	for range total {
		best := 0
		for i, w := range weights {
			if earned[i] += w; earned[i] > earned[best] {
				best = i
			}
		}
		earned[best] -= total
		turns = append(turns, members[best])
	}
	return turns
}

// wholeWeights are the least whole numbers in the proportion of the effective weights, each at least 1. Where those would make
// the round too long they are rounded.
func wholeWeights(members []*Member) (weights []int, total int) {
	most := mostTurns
	if n := len(members); n > 0 {
		most = max(n, min(most, max(mostWork/n, 16*n)))
	}
	weights = make([]int, len(members))
	sum, divisor := 0.0, 0
	whole := true
	for i, m := range members {
		w := m.EffectiveWeight()
		sum += w
		weights[i] = int(w)
		whole = whole && w == math.Trunc(w)
		divisor = gcd(divisor, weights[i])
	}
	for i, m := range members {
		if whole && sum/float64(divisor) <= float64(most) {
			weights[i] /= divisor
		} else {
			weights[i] = max(1, int(math.Round(m.EffectiveWeight()/sum*float64(most))))
		}
		total += weights[i]
	}
	return weights, total
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
