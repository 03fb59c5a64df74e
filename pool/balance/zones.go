package balance

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// Zones keeps requests near: it gives to the members of the zone, those of other zones of the region, and the rest, and has the
// inner policy choose among those.
//
// The rule is that of Envoy's priorities. The zone gets everything while it has at least 71 % of its weight available: its
// members are thought to bear 1.4 times what they usually do. Below that it gets 1.4 times the available share, and the
// same rule gives what is left to the region, then to the rest. If something is left over at the end, all get
// more in proportion. A member that drains or is in slow start counts as its part that is not available does.
//
// Zones tells by Request.Key whom to send elsewhere when the inner policy goes by key, and at random otherwise.
func Zones(local, region string, inner Policy) Policy { return zones{local, region, inner} }

// overprovision is Envoy's factor.
const overprovision = 1.4

type zones struct {
	local, region string
	inner         Policy
}

func (p zones) String() string {
	return fmt.Sprintf("zone %s, region %s over %v", p.local, p.region, p.inner)
}

func (p zones) check() error {
	if p.local == "" {
		return errors.New("it needs the name of the zone that is near")
	}
	if p.inner == nil {
		return errors.New("it needs a policy for the members of a zone")
	}
	return check(p.inner)
}

func (p zones) replicaAware() bool { return isReplicaAware(p.inner) }

func (p zones) Build(members []*Member, seed uint64) Picker {
	_, byKey := p.inner.(interface{ byKey() })
	z := &zonesPicker{policy: p, seed: seed, byKey: byKey}
	z.dice.seed(seed)
	z.Refresh(members)
	return z
}

// distance is 0 in the zone, 1 in the region, 2 elsewhere.
func (p zones) distance(m *Member) int {
	switch {
	case m.Zone == p.local:
		return 0
	case m.Region == p.region && p.region != "":
		return 1
	}
	return 2
}

const distances = 3

type zonesPicker struct {
	policy zones
	seed   uint64
	byKey  bool
	state  atomic.Pointer[zonesState]
	dice   dice
}

type zonesState struct {
	rosters [distances]roster
	pickers [distances]Picker
	upTo    [distances]float64 // the share of requests for members at this distance and nearer
}

func (p *zonesPicker) Refresh(members []*Member) {
	var near [distances][]*Member
	for _, m := range members {
		d := p.policy.distance(m)
		near[d] = append(near[d], m)
	}
	s := &zonesState{upTo: spill(near)}
	old := p.state.Load()
	for d := range distances {
		s.rosters[d] = newRoster(near[d])
		var picker Picker
		rebuild := true
		if old != nil {
			picker, rebuild = old.pickers[d], !old.rosters[d].equal(s.rosters[d])
		}
		s.pickers[d] = renew(picker, p.policy.inner, near[d], p.seed, rebuild)
	}
	p.state.Store(s)
}

// spill says what share of the requests the members up to each distance get.
func spill(near [distances][]*Member) (upTo [distances]float64) {
	given := 0.0
	for d, members := range near {
		given = min(1, given+overprovision*health(members, (*Member).Up))
		upTo[d] = given
	}
	if given == 0 { // none is up; in panic they are available all the same
		for d, members := range near {
			given = min(1, given+overprovision*health(members, (*Member).Available))
			upTo[d] = given
		}
	}
	for d := range upTo {
		if given > 0 {
			upTo[d] /= given
		}
	}
	return upTo
}

// health is the share of the members' weight that is available, of those alone that also count.
func health(members []*Member, counts func(*Member) bool) float64 {
	available, all := 0.0, 0.0
	for _, m := range members {
		all += m.Weight()
		if counts(m) {
			available += m.EffectiveWeight()
		}
	}
	if all == 0 {
		return 0
	}
	return available / all
}

func (p *zonesPicker) Pick(r Request) *Member {
	s := p.state.Load()
	first := 0
	if s.upTo[0] < 1 {
		first = s.distance(p.draw(r.Key))
	}
	m := s.pickers[first].Pick(r)
	if m != nil && m != r.Avoid {
		return m
	}
	for d := range distances { // nobody there, or nobody else
		if d == first {
			continue
		}
		if other := s.pickers[d].Pick(r); other != nil && (m == nil || other != r.Avoid) {
			m = other
			if m != r.Avoid {
				break
			}
		}
	}
	return m
}

// draw is a number in [0, 1) that says how far to send a request.
func (p *zonesPicker) draw(key uint64) float64 {
	if p.byKey {
		return unit(mix(mix(key))) // not the hash by which the inner policy places the key
	}
	return unit(p.dice.roll())
}

func (s *zonesState) distance(x float64) int {
	for d := range distances - 1 {
		if x < s.upTo[d] {
			return d
		}
	}
	return distances - 1
}
