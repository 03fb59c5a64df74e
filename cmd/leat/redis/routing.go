package redis

import (
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/leat-io/leat/pool/balance"
)

// A Server is one redis-server.
type Server struct {
	Name, Address string
	Weight        float64 // of a replica among those of its shard; 0 stands for 1
	Zone, Region  string
	User          string
	Password      string
}

// A Shard is a primary, which has a part of the keys, and its replicas. Its name is that of the primary, and what the
// distribution hashes.
type Shard struct {
	Server   // the primary; its weight is the shard's
	Replicas []Server
}

// Keys says which keys belong to which shard. Two proxies that agree in it and in the names and weights of the shards agree
// about every key.
type Keys struct {
	Hash         string // one of Hashes
	Distribution string // one of Distributions
	Tag          string // two characters between which stands what is hashed of a key; the whole key when empty
}

// A Routing says which shard has a key. It never changes.
type Routing struct {
	shards   []target
	hash     Hash
	tag      Tag
	set      *balance.Set // of the shards, not of servers; all are always up, but for Follow
	index    []int32      // of the shards by the slots of set
	channels *target
	home     Server // the primary of channels
}

// A target is a shard as requests know it. It is small because every request in flight has one.
type target struct {
	index int
	id    uint64 // what the policy knows it by
}

// idOf is the number of a shard's name. Names are the same in all routings, so that a request which was routed by a former one
// comes to the right servers.
func idOf(name string) uint64 { return xxhash.Sum64String(name) }

// NewRouting refuses what cannot work. channels is the name of the shard that has all channels; the first one when it is empty.
func NewRouting(shards []Shard, k Keys, channels string) (*Routing, error) {
	r := &Routing{hash: Hashes[k.Hash]}
	if r.hash == nil {
		return nil, fmt.Errorf("there is no hash %q", k.Hash)
	}
	policy := Distributions[k.Distribution]
	if policy == nil {
		return nil, fmt.Errorf("there is no distribution %q", k.Distribution)
	}
	switch len(k.Tag) {
	case 0:
	case 2:
		r.tag = Tag{Open: k.Tag[0], Close: k.Tag[1], On: true}
	default:
		return nil, fmt.Errorf("a hash tag is two characters, such as {}, not %q", k.Tag)
	}
	if len(shards) == 0 {
		return nil, fmt.Errorf("there are no servers")
	}
	var members []balance.Backend
	for i, s := range shards {
		members = append(members, balance.Backend{Name: s.Name, Address: s.Address, Weight: s.Weight})
		r.shards = append(r.shards, target{i, idOf(s.Name)})
	}
	var err error
	if r.set, err = balance.NewSet(policy(), members, balance.Options{Seed: 1, Panic: balance.NoPanic}); err != nil {
		return nil, err
	}
	r.index = make([]int32, len(shards))
	for i, m := range r.set.Members() {
		r.index[m.Slot] = int32(i)
	}
	at := 0
	if channels != "" {
		if at = slices.IndexFunc(shards, func(s Shard) bool { return s.Name == channels }); at < 0 {
			return nil, fmt.Errorf("there is no server %q to have the channels", channels)
		}
	}
	r.channels, r.home = &r.shards[at], shards[at].Server
	return r, nil
}

// Follow takes away the keys of shards whose primary is not available, and gives them back when it is: others have them
// meanwhile. It is for caches. up says whether the primary of a shard is, by the name of the shard.
func (r *Routing) Follow(up func(name string) bool) {
	for _, m := range r.set.Members() {
		m.SetUp(up(m.Name))
	}
}

// single says whether there is one shard.
func (r *Routing) single() bool { return len(r.shards) == 1 }

// first is where those commands go that any shard can answer.
func (r *Routing) first() *target { return &r.shards[0] }

// of returns the shard that has a key.
func (r *Routing) of(key []byte) *target {
	if len(r.shards) == 1 {
		return &r.shards[0]
	}
	m, err := r.set.Pick(balance.Request{Key: r.hash(r.tag.part(key))})
	if err != nil {
		return &r.shards[0] // all are down
	}
	return &r.shards[r.index[m.Slot]]
}

// Backends are the servers of shards, as a pool knows them.
func Backends(shards []Shard) (all []balance.Backend) {
	for _, s := range shards {
		b := s.backend(s.Name)
		b.Weight = 0 // that of the shard says nothing about its servers
		all = append(all, b)
		for _, r := range s.Replicas {
			b := r.backend(s.Name)
			b.Replica = true
			all = append(all, b)
		}
	}
	return all
}

func (s Server) backend(group string) balance.Backend {
	return balance.Backend{Name: s.Name, Address: s.Address, Weight: s.Weight, Zone: s.Zone, Region: s.Region, Group: group}
}
