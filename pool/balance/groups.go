package balance

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"
)

// Groups are for data of which several members hold a copy. The key policy, one that goes by key such as [Maglev] or
// [Ketama], chooses a group by the names in Backend.Group, and the inner policy a member of it: of all for requests that change nothing, of
// those that are no replicas for others. A group weighs as much as its members that are no replicas do together.
//
// A key stays with its group whether that has members available or not: when it has none there is nobody to pick.
func Groups(key, inner Policy) Policy { return groups{key, inner} }

type groups struct{ key, inner Policy }

func (p groups) String() string { return fmt.Sprintf("%v over groups, %v in them", p.key, p.inner) }

func (p groups) check() error {
	if p.key == nil || p.inner == nil {
		return errors.New("it needs a policy for the groups and one for their members")
	}
	if err := check(p.key); err != nil {
		return err
	}
	return check(p.inner)
}

func (groups) replicaAware() bool { return true }

func (p groups) Build(members []*Member, seed uint64) Picker {
	g := &groupsPicker{policy: p, seed: seed, groups: map[string]*group{}}
	g.Refresh(members)
	return g
}

type groupsPicker struct {
	policy groups
	seed   uint64
	key    atomic.Pointer[Picker]

	groups map[string]*group // touched by Refresh alone
	roster roster            // likewise: the members that stand for groups
}

// A group has a member that stands for it where the key policy chooses, and is always available.
type group struct {
	stands  *Member
	members roster
	pickers atomic.Pointer[pickers]
}

func (p *groupsPicker) Refresh(members []*Member) {
	var names []string
	of := map[string][]*Member{}
	for _, m := range members {
		if of[m.Group] == nil {
			names = append(names, m.Group)
		}
		of[m.Group] = append(of[m.Group], m)
	}
	for name := range p.groups {
		if of[name] == nil {
			delete(p.groups, name)
		}
	}
	stand := make([]*Member, len(names))
	for i, name := range names {
		if g := p.groups[name]; g != nil {
			stand[i] = g.stands
		}
	}
	slots := freeSlots(stand)
	for i, name := range names {
		if stand[i] == nil {
			stand[i] = newGroup(members[0].set, name, slots()).stands
			p.groups[name] = stand[i].group
		}
		stand[i].group.refresh(p.policy.inner, of[name], p.seed)
	}
	p.refreshKey(stand) // last: whom it chooses has pickers
}

func (p *groupsPicker) refreshKey(stand []*Member) {
	var key Picker
	if old := p.key.Load(); old != nil {
		key = *old
	}
	roster := newRoster(stand)
	key = renew(key, p.policy.key, stand, p.seed, !roster.equal(p.roster))
	p.roster = roster
	p.key.Store(&key)
}

func newGroup(s *Set, name string, slot int) *group {
	g := &group{stands: newMember(s, Backend{Name: name, Group: name}, slot)}
	g.stands.group = g
	return g
}

func (g *group) refresh(inner Policy, members []*Member, seed uint64) {
	weight := 0.0
	for _, m := range members {
		if !m.Replica {
			weight += m.Weight()
		}
	}
	if weight == 0 {
		weight = 1
	}
	g.stands.weight.Store(math.Float64bits(weight))
	g.stands.count(1, 1)

	var old pickers
	if p := g.pickers.Load(); p != nil {
		old = *p
	}
	roster := newRoster(members)
	next := old.refresh(inner, members, seed, !roster.equal(g.members))
	g.members = roster
	g.pickers.Store(&next)
}

func (p *groupsPicker) Pick(r Request) *Member {
	stands := (*p.key.Load()).Pick(Request{Key: r.Key})
	if stands == nil {
		return nil
	}
	return stands.group.pickers.Load().of(r).Pick(r)
}
