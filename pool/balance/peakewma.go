package balance

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// PeakEWMA gives to the one of lower cost of two that are drawn at random, both in proportion to the weights. The cost is the
// average of its latency times the requests that would be in flight, as in Finagle's balancer: the average follows a rise at
// once and a fall with the decay time, by e in each, also while nothing is observed, so that one that was slow is tried again. A
// failed request counts for at least twice the average. It avoids a slow member before its
// requests pile up, which [P2C] cannot. What [Member.End] is told is what it knows.
func PeakEWMA(decay ...Decay) Policy { return peakEWMA{one(decay, DefaultDecay)} }

// Decay is the time in which what [PeakEWMA] remembers falls by e. A longer one is slower to forgive.
type Decay time.Duration

func (d Decay) String() string { return time.Duration(d).String() }

// DefaultDecay is Finagle's.
const DefaultDecay = Decay(10 * time.Second)

type peakEWMA struct{ decay Decay }

func (p peakEWMA) String() string { return parameter("peak ewma", "decay", p.decay, DefaultDecay) }

func (p peakEWMA) check() error {
	if p.decay < Decay(10*time.Millisecond) {
		return fmt.Errorf("the decay must be at least 10 ms, not %v", p.decay)
	}
	return nil
}

func (p peakEWMA) Build(members []*Member, seed uint64) Picker {
	e := &peakEWMAPicker{decay: int64(p.decay)}
	e.dice.seed(seed)
	e.Refresh(members)
	return e
}

type peakEWMAPicker struct {
	lot   atomic.Pointer[lot]
	decay int64
	dice  dice
}

func (p *peakEWMAPicker) Refresh(members []*Member) {
	for _, m := range members {
		m.decay.Store(p.decay)
	}
	p.lot.Store(newLot(members))
}

func (p *peakEWMAPicker) Pick(r Request) *Member {
	l := p.lot.Load()
	i, j := l.two(p.dice.roll())
	if i < 0 {
		return nil
	}
	a, b := l.members[i], l.members[j]
	if a == r.Avoid || b == r.Avoid {
		if a == r.Avoid {
			return b
		}
		return a
	}
	if p.cheaper(b, a, l.inverse[j], l.inverse[i]) {
		return b
	}
	return a
}

// cheaper says whether one more request is expected to take less time at m than at other, with what is in flight taken relative
// to the weights. Averages are compared as they are at the time when the later of the two was computed: from then on both
// fall alike. So the time of now is not needed.
func (p *peakEWMAPicker) cheaper(m, other *Member, inverse, otherInverse float64) bool {
	a, at := m.latency.load()
	b, bt := other.latency.load()
	waiting, otherWaiting := float64(m.inFlight.Load())*inverse, float64(other.inFlight.Load())*otherInverse
	unknown, otherUnknown := a == 0 && waiting > 0, b == 0 && otherWaiting > 0
	if unknown || otherUnknown { // it has requests in flight and has not answered any
		return otherUnknown && (!unknown || waiting < otherWaiting)
	}
	switch later := since(at, bt); {
	case later < 0:
		a *= math.Exp(float64(later) / float64(p.decay))
	case later > 0:
		b *= math.Exp(-float64(later) / float64(p.decay))
	}
	return a*(waiting+1) < b*(otherWaiting+1)
}
