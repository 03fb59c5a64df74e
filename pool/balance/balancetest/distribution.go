package balancetest

import (
	"testing"

	"github.com/leat-io/leat/pool/balance"
)

// due is the part of a member in a policy of the traits.
func (traits Traits) due(m *balance.Member) float64 {
	if traits.Unweighted && m.Available() {
		return 1
	}
	return m.EffectiveWeight()
}

func distributesByWeight(t testing.TB, p balance.Policy, traits Traits) {
	for _, backends := range [][]balance.Backend{equal(1), equal(2), equal(7), Backends(1, 3), Backends(5, 1, 1), Backends(4, 3, 2, 2, 2, 1.5, 1, 1)} {
		r := build(t, p, backends, balance.Options{})
		r.expect(r.count(enough), traits.due, traits.Tolerance)
	}
}

// distributesWhatRemains is for policies that do not go by key: those that do need not spread the keys of a lost member evenly.
func distributesWhatRemains(t testing.TB, p balance.Policy, traits Traits) {
	if traits.ByKey {
		return
	}
	r := build(t, p, Backends(4, 3, 2, 1, 1), balance.Options{})
	r.Member("c").SetUp(false)
	if err := r.Drain("d", true); err != nil {
		t.Fatal(err)
	}
	r.expect(r.count(enough), traits.due, traits.Tolerance)
	r.Member("c").SetUp(true)
	r.expect(r.count(enough), traits.due, traits.Tolerance)
}

func followsANewWeight(t testing.TB, p balance.Policy, traits Traits) {
	r := build(t, p, Backends(1, 1, 2, 2), balance.Options{})
	r.count(1000)
	if err := r.SetWeight("a", 3); err != nil {
		t.Fatal(err)
	}
	r.expect(r.count(enough), traits.due, traits.Tolerance)
	a := r.Member("a")
	if _, _, err := r.Apply(Backends(2, 1, 1, 1)); err != nil {
		t.Fatal(err)
	}
	if r.Member("a") != a {
		t.Error("a backend with another weight became another member")
	}
	r.expect(r.count(enough), traits.due, traits.Tolerance)
	if err := r.SetWeight("a", 0); err != nil {
		t.Fatal(err)
	}
	if n := r.count(1000)[a]; n > 0 {
		t.Errorf("a member of weight 0 was picked %d times", n)
	}
}
