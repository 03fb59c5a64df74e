package redis

import (
	"sync/atomic"

	"github.com/leat-io/leat/pool/balance"
)

// ReadFrom says which servers of a shard answer requests that change nothing.
type ReadFrom string

// What a ReadFrom may be.
const (
	FromPrimary ReadFrom = "primary"
	FromReplica ReadFrom = "replica" // and from the primary when no replica is up
	FromAny     ReadFrom = "any"
	FromNearest ReadFrom = "nearest" // any, those of the own zone first
)

// Reads are the words that a ReadFrom may be.
var Reads = []string{string(FromPrimary), string(FromReplica), string(FromAny), string(FromNearest)}

// ByShard is the policy of a pool of shards: the key of a request is the id of its shard, which has one primary. Requests that
// change nothing go where from says, to one of several servers by inner.
func ByShard(from ReadFrom, inner balance.Policy) balance.Policy { return byShard{from, inner} }

type byShard struct {
	from  ReadFrom
	inner balance.Policy
}

func (p byShard) String() string {
	return "shard, reads from " + string(p.from) + " by " + p.inner.String()
}

func (p byShard) Build(members []*balance.Member, seed uint64) balance.Picker {
	b := &shardPicker{policy: p, seed: seed}
	b.Refresh(members)
	return b
}

// A shardPicker has the groups by the ids of their shards.
type shardPicker struct {
	policy byShard
	seed   uint64
	groups atomic.Pointer[map[uint64]*group]
}

// A group is the servers of a shard.
type group struct {
	primary *balance.Member // nil for the picker of what is only read
	readers []*balance.Member
	reads   balance.Picker // among readers, or nil
}

// Refresh implements balance.Refresher.
func (p *shardPicker) Refresh(members []*balance.Member) {
	groups := map[uint64]*group{}
	for _, m := range members {
		id := idOf(m.Group)
		g := groups[id]
		if g == nil {
			g = &group{}
			groups[id] = g
		}
		if !m.Replica {
			g.primary = m
		}
		if from := p.policy.from; from == FromAny || from == FromNearest || from == FromReplica && m.Replica {
			g.readers = append(g.readers, m)
		}
	}
	for _, g := range groups {
		if len(g.readers) > 0 {
			g.reads = p.policy.inner.Build(g.readers, p.seed)
		}
	}
	p.groups.Store(&groups)
}

// Pick implements balance.Picker.
func (p *shardPicker) Pick(r balance.Request) *balance.Member {
	g := (*p.groups.Load())[r.Key]
	if g == nil {
		return nil
	}
	if r.Read && g.reads != nil {
		if m := g.reads.Pick(r); m != nil {
			return m
		}
	}
	if g.primary != nil && g.primary.Available() {
		return g.primary
	}
	return nil
}
