package balance_test

import (
	"testing"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// A rig is a set whose clock stands still.
type rig struct {
	testing.TB
	*balance.Set
	clock time.Time
}

func newRig(t testing.TB, p balance.Policy, o balance.Options, backends ...balance.Backend) *rig {
	t.Helper()
	r := &rig{TB: t, clock: time.Unix(1e9, 0)}
	if o.Seed == 0 {
		o.Seed = 1
	}
	o.Now = func() time.Time { return r.clock }
	s, err := balance.NewSet(p, backends, o)
	if err != nil {
		t.Fatal(err)
	}
	r.Set = s
	return r
}

func (r *rig) pick(q balance.Request) *balance.Member {
	r.Helper()
	m, err := r.Pick(q)
	if err != nil {
		r.Fatal(err)
	}
	return m
}

// picks are the names of n picks with the keys 0 to n-1.
func (r *rig) picks(n int) (names string) {
	r.Helper()
	for i := range n {
		names += r.pick(balance.Request{Key: uint64(i)}).Name
	}
	return names
}

// share is the part of n picks, with the keys 0 to n-1, that counts.
func (r *rig) share(n int, counts func(*balance.Member) bool) float64 {
	r.Helper()
	k := 0
	for i := range n {
		if counts(r.pick(balance.Request{Key: uint64(i)})) {
			k++
		}
	}
	return float64(k) / float64(n)
}

func (r *rig) apply(backends ...balance.Backend) (added, removed []*balance.Member) {
	r.Helper()
	added, removed, err := r.Apply(backends)
	if err != nil {
		r.Fatal(err)
	}
	return added, removed
}
