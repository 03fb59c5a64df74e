package redis

import (
	"maps"
	"math"
	"slices"
	"sync/atomic"

	"github.com/leat-io/leat/pool/balance"
)

// Distributions are the ways to divide the keys among the shards, by the names that they have in configurations.
var Distributions = map[string]func() balance.Policy{
	"maglev": func() balance.Policy { return balance.Maglev() },
	"ring":   func() balance.Policy { return balance.Ring() },
	"ketama": balance.Ketama, "rendezvous": balance.Rendezvous,
	"modula": func() balance.Policy { return modula{} },
}

// DistributionNames are the names of Distributions in order.
func DistributionNames() []string { return slices.Sorted(maps.Keys(Distributions)) }

// modula is the distribution of that name of twemproxy: the hash modulo the sum of the weights, which are whole numbers. Nearly
// all keys move when a shard comes or goes.
type modula struct{}

func (modula) String() string { return "modula" }

func (modula) Build(members []*balance.Member, _ uint64) balance.Picker {
	p := &modulaPicker{}
	p.Refresh(members)
	return p
}

type modulaPicker struct {
	places atomic.Pointer[[]*balance.Member]
} // each member as often as its weight says

// maxPlaces bounds the places, for weights that were meant as shares of something large.
const maxPlaces = 1 << 20

// Refresh implements balance.Refresher.
func (p *modulaPicker) Refresh(members []*balance.Member) {
	var places []*balance.Member
	for _, m := range members {
		if !m.Available() {
			continue
		}
		for range int(min(math.Round(m.Weight()), float64(maxPlaces-len(places)))) {
			places = append(places, m)
		}
	}
	p.places.Store(&places)
}

// Pick implements balance.Picker.
func (p *modulaPicker) Pick(r balance.Request) *balance.Member {
	places := *p.places.Load()
	if len(places) == 0 {
		return nil
	}
	return places[r.Key%uint64(len(places))]
}
