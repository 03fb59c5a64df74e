package balance

import "sync/atomic"

// Random gives to one at random, in proportion to the weights.
func Random() Policy { return random{} }

type random struct{}

func (random) String() string { return "random" }

func (random) Build(members []*Member, seed uint64) Picker {
	p := &randomPicker{}
	p.dice.seed(seed)
	p.Refresh(members)
	return p
}

type randomPicker struct {
	lot  atomic.Pointer[lot]
	dice dice
}

func (p *randomPicker) Refresh(members []*Member) { p.lot.Store(newLot(members)) }

func (p *randomPicker) Pick(r Request) *Member {
	l := p.lot.Load()
	if len(l.members) == 0 {
		return nil
	}
	x := p.dice.roll()
	i := l.draw(uint32(x >> 32))
	if l.members[i] == r.Avoid && len(l.members) > 1 {
		i = l.another(x, i)
	}
	return l.members[i]
}
