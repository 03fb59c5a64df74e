package balance

import (
	"fmt"
)

// Ring gives a key to the member whose point comes next on a ring of hashes (Karger et al., "Consistent Hashing and Random
// Trees", STOC 1997). Every process with the same names and weights gives a key the same member, in whatever order it lists
// them. When a member comes or goes, no key moves but to it or from it. That is [Ring]'s advantage over [Maglev], which
// distributes more evenly: here the part of a member strays from what is due by about one over the root of its points.
//
// With [Bound] the load of a member has a bound, and keys of a member that has reached it go on to the next.
func Ring(opts ...RingOption) Policy {
	p := ring{points: DefaultPoints}
	for _, o := range opts {
		o.set(&p)
	}
	return p
}

// A RingOption is [Points] or [Bound].
type RingOption interface{ set(*ring) }

// Points is how many points a member of weight 1 has on the ring; others have them in proportion, at least one. If all
// members together had more than 2^20, each gets fewer. 12 to 16 bytes a point.
type Points int

func (n Points) set(p *ring) { p.points = n }

// DefaultPoints has the part of a member of weight 1 stray by about 4 %.
const DefaultPoints Points = 512

// maxPoints bounds the memory of a ring to 16 MB.
const maxPoints = 1 << 20

// Bound is how many times the mean of its weight may be in flight at a member, above 1 (Mirrokni, Thorup and Zadimoghaddam,
// "Consistent Hashing with Bounded Loads", SODA 2018). 1.25 is a good one: closer to 1 moves more keys. It has a pick
// look at the requests in flight at every member.
type Bound float64

func (c Bound) set(p *ring) { p.bound = c }

type ring struct {
	points Points
	bound  Bound // 0: none
}

func (p ring) String() string {
	name := parameter("ring", "points", p.points, DefaultPoints)
	if p.bound != 0 {
		name = fmt.Sprintf("%s, bound %v", name, p.bound)
	}
	return name
}

func (ring) byKey() {}

func (p ring) check() error {
	if p.points < 1 || p.points > maxPoints {
		return fmt.Errorf("a member needs at least 1 point and at most %d, not %d", maxPoints, p.points)
	}
	if p.bound != 0 && !(p.bound > 1 && p.bound <= 1e6) {
		return fmt.Errorf("the bound must be above 1, as 1.25 is, not %v", p.bound)
	}
	return nil
}

func (p ring) Build(members []*Member, _ uint64) Picker {
	r := &ringPicker{ring: p}
	r.Refresh(members)
	return r
}
