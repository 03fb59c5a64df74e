package balancetest

import (
	"testing"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// startsSlowly looks at the part of a member while its weight grows, when it came up and when it is new.
func startsSlowly(t testing.TB, p balance.Policy, traits Traits) {
	const slow = 10 * time.Second
	r := build(t, p, equal(4), balance.Options{SlowStart: slow})
	r.expect(r.count(enough), traits.due, traits.Tolerance) // nobody is slow when all are new
	r.Member("b").SetUp(false)
	r.clock = r.clock.Add(time.Minute)
	r.Member("b").SetUp(true)
	r.grows("b", slow, traits)
	if _, _, err := r.Apply(equal(5)); err != nil {
		t.Fatal(err)
	}
	r.grows("e", slow, traits)
}

func (r *rig) grows(name string, slow time.Duration, traits Traits) {
	r.Helper()
	others := float64(len(r.Members()) - 1)
	for _, at := range []struct{ age, weight float64 }{{0, .1}, {.5, .5}, {1, 1}, {2, 1}} {
		start := r.clock
		r.clock = start.Add(time.Duration(at.age * float64(slow)))
		r.pick(balance.Request{}) // takes the step
		picks := r.count(enough / 4)
		got := float64(picks[r.Member(name)]) / (enough / 4)
		want := at.weight / (at.weight + others)
		if got < want*(1-0.2*slack)-traits.Tolerance/others || got > want*(1+0.2*slack)+traits.Tolerance/others {
			r.Errorf("after %.0f %% of its slow start %s got %.1f %% of the picks, and about %.1f %% are due",
				at.age*100, name, got*100, want*100)
		}
		r.clock = start
	}
	r.clock = r.clock.Add(3 * slow)
	r.pick(balance.Request{})
}
