package balance

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// A Set is the backends that a policy chooses from. All methods are safe for any goroutine.
type Set struct {
	policy  Policy
	options Options
	now     func() int64 // nanoseconds since the set was made

	current atomic.Pointer[snapshot]
	step    atomic.Int64 // when slow starts take their next step, by the set's clock; never when none is under way

	mu sync.Mutex // held by whoever changes something
}

// A snapshot is what a pick reads. It never changes.
type snapshot struct {
	members []*Member
	pickers
}

// never is a time that no clock reaches.
const never = math.MaxInt64

// NewSet makes a set. It refuses backends as [Set.Apply] does, and what makes no sense in a policy or the options.
func NewSet(p Policy, backends []Backend, o Options) (*Set, error) {
	if err := check(p); err != nil {
		return nil, err
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	s := &Set{policy: p, options: o, now: o.clock()}
	if o.Seed == 0 {
		s.options.Seed = rand.Uint64()
	}
	s.current.Store(&snapshot{})
	if _, _, err := s.Apply(backends); err != nil {
		return nil, err
	}
	return s, nil
}

// check asks a policy of this package, or several in one, whether its parameters make sense.
func check(p Policy) error {
	if p == nil {
		return errors.New("a set needs a policy, for example balance.P2C()")
	}
	if c, ok := p.(interface{ check() error }); ok {
		if err := c.check(); err != nil {
			return fmt.Errorf("the policy %s: %w", p, err)
		}
	}
	return nil
}

// Pick chooses a member. The error is a [*NoneError] when none is available that may serve r.
func (s *Set) Pick(r Request) (*Member, error) {
	if due := s.step.Load(); due != never && s.now() >= due {
		s.grow()
	}
	c := s.current.Load()
	if m := c.of(r).Pick(r); m != nil {
		return m, nil
	}
	return nil, why(c.members)
}

// Members are those of the set, in the order of the last Apply. The slice is not to be changed.
func (s *Set) Members() []*Member { return s.current.Load().members }

// Member is the one of that name, nil if there is none.
func (s *Set) Member(name string) *Member {
	for _, m := range s.Members() {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// Drain keeps new requests from a member, also in panic, or with false lets it have some again. What is in flight goes on.
func (s *Set) Drain(name string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.Member(name)
	if m == nil {
		return fmt.Errorf("there is no backend %q to drain", name)
	}
	if m.draining.Swap(on) && !on {
		s.beginSlowStart(m)
	}
	s.update(s.Members(), false)
	return nil
}

// SetWeight changes the weight of a member until the next Apply. A weight of 0 gives it nothing.
func (s *Set) SetWeight(name string, w float64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.Member(name)
	if m == nil {
		return fmt.Errorf("there is no backend %q to give a weight", name)
	}
	if err := checkWeight(name, w); err != nil {
		return err
	}
	m.weight.Store(math.Float64bits(w))
	s.update(s.Members(), true)
	return nil
}

// setUp is Member.SetUp where something changes.
func (s *Set) setUp(m *Member, up bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.up.Swap(up) == up || m.Removed() {
		return
	}
	if up {
		s.beginSlowStart(m)
	}
	s.update(s.Members(), false)
}
