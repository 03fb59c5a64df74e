package balancetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// A rig is a set with a clock of its own.
type rig struct {
	testing.TB
	*balance.Set
	clock time.Time
	keys  *rand.Rand
}

const seed = 7

// build makes a set of the backends. Only what differs from the defaults need be in the options.
func build(t testing.TB, p balance.Policy, backends []balance.Backend, o balance.Options) *rig {
	t.Helper()
	r := &rig{TB: t, clock: time.Unix(1e9, 0), keys: rand.New(rand.NewPCG(seed, seed))}
	if o.Seed == 0 {
		o.Seed = seed
	}
	o.Now = func() time.Time { return r.clock }
	s, err := balance.NewSet(p, backends, o)
	if err != nil {
		t.Fatal(err)
	}
	r.Set = s
	return r
}

// Backends makes one for each of the weights: "a" with the first, "b" with the second and so on, at most 26.
func Backends(weights ...float64) []balance.Backend {
	all := make([]balance.Backend, len(weights))
	for i, w := range weights {
		name := string(rune('a' + i))
		all[i] = balance.Backend{Name: name, Address: name + ":1", Weight: w}
	}
	return all
}

// equal are backends of weight 1.
func equal(n int) []balance.Backend {
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = 1
	}
	return Backends(weights...)
}

// pick is one that must succeed, with a key of its own.
func (r *rig) pick(q balance.Request) *balance.Member {
	q.Key = r.keys.Uint64()
	m, err := r.Pick(q)
	if err != nil {
		r.Fatal(err)
	}
	return m
}

// count picks n times and says how often each member was picked.
func (r *rig) count(n int) map[*balance.Member]int {
	r.Helper()
	picks := map[*balance.Member]int{}
	for range n {
		picks[r.pick(balance.Request{})]++
	}
	return picks
}

// place says whose each of the first n keys is.
func (r *rig) place(n int) []*balance.Member {
	r.Helper()
	owners := make([]*balance.Member, n)
	for i := range owners {
		m, err := r.Pick(balance.Request{Key: key(i)})
		if err != nil {
			r.Fatal(err)
		}
		owners[i] = m
	}
	return owners
}

// key is the i-th of a fixed list of hashes.
func key(i int) uint64 { return rand.New(rand.NewPCG(uint64(i), seed)).Uint64() }

// expect checks the picks of n against what is due by weight.
func (r *rig) expect(picks map[*balance.Member]int, due func(*balance.Member) float64, tolerance float64) {
	r.Helper()
	tolerance *= slack
	all, total := 0, 0.0
	for _, m := range r.Members() {
		all += picks[m]
		total += due(m)
	}
	for _, m := range r.Members() {
		want := due(m) / total * float64(all)
		if got := float64(picks[m]); got < want*(1-tolerance) || got > want*(1+tolerance) {
			r.Errorf("%s got %d of %d picks, and %.0f are due, give or take %.0f %%", m.Name, picks[m], all, want, tolerance*100)
		}
	}
}

func names(members []*balance.Member) string {
	s := ""
	for _, m := range members {
		s += fmt.Sprint(m.Name, " ")
	}
	return s
}
