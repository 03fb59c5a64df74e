package balance

import (
	"fmt"
	"math"
)

// MaxMembers is the most members of a set.
const MaxMembers = 1<<16 - 1

// Apply makes the members of the set those of the list, in its order. A backend that differs from before in nothing or in its
// weight keeps its Member and whether that is up or draining. One that has kept its name and nothing else is a new Member, and
// the former one is removed. When one of the backends is refused, nothing changes.
func (s *Set) Apply(backends []Backend) (added, removed []*Member, err error) {
	backends, err = complete(backends)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.Members()
	known := make(map[string]*Member, len(old))
	for _, m := range old {
		known[m.Name] = m
	}
	members := make([]*Member, len(backends))
	for i, b := range backends {
		if m := known[b.Name]; m != nil && m.is(b) {
			m.weight.Store(math.Float64bits(b.Weight))
			members[i] = m
			delete(known, b.Name)
		}
	}
	slots := freeSlots(members)
	for i, b := range backends {
		if members[i] != nil {
			continue
		}
		m := newMember(s, b, slots())
		if len(old) > 0 {
			s.beginSlowStart(m)
		}
		members[i] = m
		added = append(added, m)
	}
	for _, m := range old {
		if known[m.Name] == m {
			m.removed.Store(true)
			m.count(0, 1)
			removed = append(removed, m)
		}
	}
	s.update(members, true)
	return added, removed, nil
}

// is says whether a backend differs from the member's in nothing but its weight.
func (m *Member) is(b Backend) bool {
	b.Weight = m.Backend.Weight
	return b == m.Backend
}

// complete returns the backends with their defaults filled in, or says what is wrong with one.
func complete(backends []Backend) ([]Backend, error) {
	if len(backends) > MaxMembers {
		return nil, fmt.Errorf("a set has at most %d backends, not %d", MaxMembers, len(backends))
	}
	all := make([]Backend, len(backends))
	names := make(map[string]bool, len(backends))
	for i, b := range backends {
		if b.Name == "" {
			b.Name = b.Address
		}
		if b.Group == "" {
			b.Group = b.Name
		}
		if b.Weight == 0 {
			b.Weight = 1
		}
		if b.Address == "" {
			return nil, fmt.Errorf("backend %d, %q, has no address", i+1, b.Name)
		}
		if names[b.Name] {
			return nil, fmt.Errorf("two backends have the name %q: give each one of its own", b.Name)
		}
		if err := checkWeight(b.Name, b.Weight); err != nil {
			return nil, err
		}
		names[b.Name] = true
		all[i] = b
	}
	return all, nil
}

// checkWeight refuses also what is no number, and what could not be added up.
func checkWeight(name string, w float64) error {
	if !(w >= 0 && w <= maxWeight) {
		return fmt.Errorf("the weight of backend %q must be between 0 and %g, not %v", name, float64(maxWeight), w)
	}
	return nil
}

const maxWeight = 1e9

// freeSlots yields the numbers that none of the members has, the least first.
func freeSlots(members []*Member) func() int {
	taken := make(map[int]bool, len(members))
	for _, m := range members {
		if m != nil {
			taken[m.Slot] = true
		}
	}
	slot := -1
	return func() int {
		for slot++; taken[slot]; slot++ {
		}
		return slot
	}
}
