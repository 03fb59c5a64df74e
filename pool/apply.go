package pool

import (
	"fmt"
	"slices"

	"github.com/leat-io/leat/pool/balance"
)

// Apply makes these the backends: it adds, removes and re-weights them. One of which nothing but the weight changes
// keeps its connections. Idle connections to a removed one are closed, and those in use when they are given back.
func (p *Pool) Apply(backends []balance.Backend) error {
	away, err := p.apply(backends)
	if err != nil {
		return fmt.Errorf("pool: %w", err)
	}
	for _, b := range away {
		b.turnAway(leaving)
	}
	p.poke()
	return nil
}

// apply returns the backends that were removed.
func (p *Pool) apply(backends []balance.Backend) (away []*backend, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return nil, ErrClosed
	}
	if err := p.admit(backends); err != nil {
		return nil, err
	}
	added, removed, err := p.set.Apply(backends)
	if err != nil {
		return nil, err
	}
	list := slices.Clone(*p.backends.Load())
	for _, m := range removed {
		away = append(away, list[m.Slot])
		if r := list[m.Slot].ward.record; r != nil {
			p.guard.outlier.Remove(r)
		}
		list[m.Slot] = nil
	}
	for _, m := range added {
		list = place(list, newBackend(p, m))
	}
	if err := p.publish(list); err != nil {
		return nil, err
	}
	p.gone = slices.DeleteFunc(p.gone, func(b *backend) bool { return b.open.Load() == 0 })
	p.gone = append(p.gone, away...)
	return away, nil
}

// Drain has a backend take no more requests, or take them again. Its idle connections are closed, and those in use when they
// are given back.
func (p *Pool) Drain(name string, on bool) error {
	if err := p.set.Drain(name, on); err != nil {
		return fmt.Errorf("pool: %w", err)
	}
	for _, b := range *p.backends.Load() {
		switch {
		case b == nil || b.member.Name != name:
		case on:
			b.turnAway(leaving)
		default:
			b.state.And(^uint64(leaving))
			b.wake()
		}
	}
	return nil
}

// SetWeight changes the weight of a backend.
func (p *Pool) SetWeight(name string, w float64) error {
	if err := p.set.SetWeight(name, w); err != nil {
		return fmt.Errorf("pool: %w", err)
	}
	return nil
}
