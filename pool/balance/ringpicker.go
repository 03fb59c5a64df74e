package balance

import (
	"cmp"
	"math"
	"slices"
	"sync/atomic"
)

type ringPicker struct {
	ring
	state atomic.Pointer[ringState]
}

type ringState struct {
	roster    roster
	continuum *continuum
	available []*Member
	weight    float64 // of all that are available
}

func (p *ringPicker) Refresh(members []*Member) {
	members = slices.SortedFunc(slices.Values(members), func(a, b *Member) int { return cmp.Compare(a.id, b.id) })
	s := &ringState{roster: newRoster(members), available: available(members)}
	for _, m := range s.available {
		s.weight += m.EffectiveWeight()
	}
	if old := p.state.Load(); old != nil && old.roster.equal(s.roster) {
		s.continuum = old.continuum
	} else {
		s.continuum = newContinuum(p.place(s.roster))
	}
	p.state.Store(s)
}

// place makes the points of all members, who are sorted by their hashes: where two points meet, the order of the list does not
// matter.
func (p *ringPicker) place(r roster) []point {
	total := 0.0
	for _, w := range r.weights {
		total += w
	}
	each := min(float64(p.points), maxPoints/total)
	var points []point
	for i, w := range r.weights {
		if w == 0 {
			continue
		}
		for k := range max(1, int(math.Round(each*w))) {
			points = append(points, newPoint(uint32(mix(r.members[i].id+uint64(k)*gamma)), i))
		}
	}
	return points
}

func (p *ringPicker) Pick(r Request) *Member {
	s := p.state.Load()
	if len(s.available) == 0 {
		return nil
	}
	h := mix(r.Key)
	most := s.mostInFlight(p.bound)
	points := s.continuum.points
	i := s.continuum.find(uint32(h >> 32))
	for range looks {
		m := s.roster.members[points[i].owner()]
		if m != r.Avoid && m.admits(h) && m.below(most) {
			return m
		}
		if i++; i == len(points) {
			i = 0
		}
	}
	return s.detour(h, r.Avoid, most)
}

// mostInFlight is how many requests a member may have in flight per unit of its weight, this one included; 0 is no bound.
func (s *ringState) mostInFlight(bound Bound) float64 {
	if bound == 0 {
		return 0
	}
	total := int64(1)
	for _, m := range s.available {
		total += m.inFlight.Load()
	}
	return float64(bound) * float64(total) / s.weight
}

// below says whether the member has room for one more request when it may have so many per unit of weight.
func (m *Member) below(most float64) bool {
	return most == 0 || float64(m.inFlight.Load()) < math.Ceil(most*m.EffectiveWeight())
}

// detour is for a request whose next members on the ring are all unable to take it.
func (s *ringState) detour(h uint64, avoid *Member, most float64) *Member {
	if most > 0 {
		for _, m := range s.available {
			if m != avoid && m.below(most) {
				return m
			}
		}
	}
	return detour(s.available, h, avoid)
}
