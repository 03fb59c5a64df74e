package balance

import "math"

// update computes what each member counts for now, and has the pickers know. Rebuild says that members or weights differ from
// those of the last time. The lock is held.
func (s *Set) update(members []*Member, rebuild bool) {
	panics := s.panics(members)
	most := 0.0
	factors := make([]float64, len(members))
	step := int64(never)
	now := s.now()
	for i, m := range members {
		factors[i] = s.factor(m, now, panics)
		most = max(most, factors[i])
		if m.ramping {
			step = now + max(1, int64(s.options.SlowStart)/steps)
		}
	}
	for i, m := range members {
		m.count(factors[i], most)
	}
	s.step.Store(step)
	old := s.current.Load()
	s.current.Store(&snapshot{members, old.refresh(s.policy, members, s.options.Seed, rebuild)})
}

// panics says whether too few of the members are up.
func (s *Set) panics(members []*Member) bool {
	up, all := 0, 0
	for _, m := range members {
		if !m.serves() {
			continue
		}
		all++
		if m.Up() {
			up++
		}
	}
	return float64(up) < s.options.Panic*float64(all)
}

// serves says whether it gets requests when it is up.
func (m *Member) serves() bool { return !m.Removed() && !m.Draining() && m.Weight() > 0 }

// factor is what part of its weight a member is to count for, before it is seen beside the others.
func (s *Set) factor(m *Member, now int64, panics bool) float64 {
	age := float64(now-m.rampSince) / float64(s.options.SlowStart)
	if m.ramping && age >= 1 {
		m.ramping = false
	}
	switch {
	case !m.serves(), !m.Up() && !panics:
		return 0
	case m.ramping && !panics:
		return max(age, leastShare)
	}
	return 1
}

// count sets what a member counts for: its factor relative to the largest of all, since when all are in slow start nobody is
// there to relieve them.
func (m *Member) count(factor, most float64) {
	switch {
	case factor == 0:
		m.share.Store(0)
		m.effective.Store(0)
	default:
		m.share.Store(max(1, uint32(factor/most*full)))
		m.effective.Store(math.Float64bits(m.Weight() * factor / most))
	}
}

// steps is in how many the weight grows.
const steps = 100

// beginSlowStart is for a member that from now on is up, or one of the set. The lock is held.
func (s *Set) beginSlowStart(m *Member) {
	m.ramping, m.rampSince = s.options.SlowStart > 0, s.now()
}

// grow takes the next step of the slow starts, unless another goroutine is changing the set.
func (s *Set) grow() {
	if s.mu.TryLock() {
		s.update(s.Members(), false)
		s.mu.Unlock()
	}
}
