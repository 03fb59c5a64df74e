package balance

import "sync/atomic"

// P2C gives to the one with fewer requests in flight of two that are drawn at random, both in proportion to the weights:
// the power of two choices (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001). What is in flight is
// taken relative to the weight. It costs the same for any number of members and, unlike [LeastConn], many balancers that
// see old numbers do not all run to the same member.
func P2C() Policy { return p2c{} }

type p2c struct{}

func (p2c) String() string { return "p2c" }

func (p2c) Build(members []*Member, seed uint64) Picker {
	p := &p2cPicker{}
	p.dice.seed(seed)
	p.Refresh(members)
	return p
}

type p2cPicker struct {
	lot  atomic.Pointer[lot]
	dice dice
}

func (p *p2cPicker) Refresh(members []*Member) { p.lot.Store(newLot(members)) }

func (p *p2cPicker) Pick(r Request) *Member {
	l := p.lot.Load()
	i, j := l.two(p.dice.roll())
	if i < 0 {
		return nil
	}
	a, b := l.members[i], l.members[j]
	if r.Avoid != nil {
		if a == r.Avoid {
			return b
		}
		if b == r.Avoid {
			return a
		}
	}
	if float64(b.inFlight.Load())*l.inverse[j] < float64(a.inFlight.Load())*l.inverse[i] {
		a = b
	}
	return a
}
