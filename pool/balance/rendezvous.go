package balance

import (
	"math"
	"sync/atomic"
)

// Rendezvous gives a key to the member that makes the highest number of it (Thaler and Ravishankar, "Using Name-Based Mappings
// to Increase Hit Rates", 1998), weighted by -w / ln h (Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", 2005).
// Every process with the same names and weights gives a key the same member. It distributes best of all that go by key, and when a
// member comes, goes or gets another weight no key moves but to it or from it. It looks at every member.
func Rendezvous() Policy { return rendezvous{} }

type rendezvous struct{}

func (rendezvous) String() string { return "rendezvous" }

func (rendezvous) byKey() {}

func (rendezvous) Build(members []*Member, _ uint64) Picker {
	p := &rendezvousPicker{}
	p.Refresh(members)
	return p
}

type rendezvousPicker struct{ lot atomic.Pointer[lot] }

func (p *rendezvousPicker) Refresh(members []*Member) { p.lot.Store(newLot(members)) }

func (p *rendezvousPicker) Pick(r Request) *Member {
	l := p.lot.Load()
	if len(l.members) == 0 {
		return nil
	}
	if len(l.members) == 1 {
		return l.members[0]
	}
	key := mix(r.Key)
	if l.even {
		return l.highest(key, r.Avoid)
	}
	return l.highestWeighted(key, r.Avoid)
}

func (l *lot) highest(key uint64, avoid *Member) *Member {
	var best *Member
	highest := uint64(0)
	for _, m := range l.members {
		if h := mix(key ^ m.id); (h > highest || best == nil) && m != avoid {
			best, highest = m, h
		}
	}
	return best
}

// highestWeighted takes the least of -ln h / w, which is the highest of -w / ln h, with h in (0, 1]. Since 1 - h is never more
// than -ln h, most logarithms need not be taken.
func (l *lot) highestWeighted(key uint64, avoid *Member) *Member {
	var best *Member
	least := math.Inf(1)
	for i, m := range l.members {
		h := float64(mix(key^m.id)>>11+1) / (1 << 53)
		if m == avoid || (1-h)*l.inverse[i] >= least {
			continue
		}
		if s := -math.Log(h) * l.inverse[i]; s < least {
			best, least = m, s
		}
	}
	return best
}
