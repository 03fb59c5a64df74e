package balance

// A lot draws members at random in proportion to their effective weights, each draw in constant time: the alias method
// (Vose, "A Linear Algorithm for Generating Random Numbers with a Given Distribution", 1991). It holds those that are available.
type lot struct {
	members []*Member
	inverse []float64 // one by the effective weight, relative to the mean
	even    bool      // all weights are equal
	columns []column
}

// A column is as wide as all others: its left part, up to cut, is the member's own, the rest the other's.
type column struct {
	cut   uint32
	other uint32
}

func newLot(members []*Member) *lot {
	l := &lot{even: true}
	var weights []float64
	total := 0.0
	for _, m := range members {
		if w := m.EffectiveWeight(); w > 0 {
			l.members = append(l.members, m)
			weights = append(weights, w)
			total += w
		}
	}
	mean := total / float64(len(weights))
	for i, w := range weights {
		l.even = l.even && w == weights[0]
		weights[i] = w / mean
		l.inverse = append(l.inverse, mean/w)
	}
	if !l.even {
		l.columns = columns(weights)
	}
	return l
}

// columns fills up each column of those who have less than the mean of 1 from one who has more.
func columns(weights []float64) []column {
	all := make([]column, len(weights))
	var poor, rich []uint32
	for i, w := range weights {
		all[i] = column{cut: full, other: uint32(i)}
		if w < 1 {
			poor = append(poor, uint32(i))
		} else {
			rich = append(rich, uint32(i))
		}
	}
	for len(poor) > 0 && len(rich) > 0 {
		p, r := poor[len(poor)-1], rich[len(rich)-1]
		poor = poor[:len(poor)-1]
		all[p] = column{cut: uint32(weights[p] * full), other: r}
		if weights[r] -= 1 - weights[p]; weights[r] < 1 {
			rich = rich[:len(rich)-1]
			poor = append(poor, r)
		}
	}
	return all
}

// draw maps a random number onto the index of a member.
func (l *lot) draw(x uint32) int {
	at := uint64(x) * uint64(len(l.members))
	i := int(at >> 32)
	if !l.even && uint32(at) > l.columns[i].cut {
		return int(l.columns[i].other)
	}
	return i
}

// two draws two members, the same one twice when there is no other, and -1 when there is none.
func (l *lot) two(x uint64) (i, j int) {
	n := uint64(len(l.members))
	if n < 2 {
		return int(n) - 1, int(n) - 1
	}
	if !l.even {
		i = l.draw(uint32(x >> 32))
		return i, l.another(x, i)
	}
	i, j = int(x>>32*n>>32), int(x&full*(n-1)>>32)
	if j >= i {
		j++
	}
	return i, j
}

// another draws a second member, other than the first. There must be two.
func (l *lot) another(x uint64, first int) int {
	if l.even {
		i := int(x & full * uint64(len(l.members)-1) >> 32)
		if i >= first {
			i++
		}
		return i
	}
	for range 4 { // a heavy one comes again and again
		if i := l.draw(uint32(x)); i != first {
			return i
		}
		x = mix(x + gamma)
	}
	if first++; first < len(l.members) {
		return first
	}
	return 0
}
