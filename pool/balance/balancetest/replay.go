package balancetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// Trace is the picks of a set while requests begin and end, members go up and down, drain, change their weight, come and go, for a
// seed: one line for each of the steps, with the names of who was picked. Equal seeds give equal traces.
func Trace(t testing.TB, p balance.Policy, seed uint64, steps int) string {
	t.Helper()
	r := build(t, p, Backends(1, 2, 3, 1), balance.Options{Seed: seed, SlowStart: 5 * time.Second})
	script := rand.New(rand.NewPCG(seed, 1))
	var out strings.Builder
	var open []*balance.Member
	for range steps {
		for range 16 {
			m, err := r.Pick(balance.Request{Key: script.Uint64() >> script.IntN(64), Read: script.IntN(2) == 0})
			if err != nil {
				t.Fatal(err)
			}
			m.Begin()
			open = append(open, m)
			fmt.Fprintf(&out, "%s ", m.Name)
			r.clock = r.clock.Add(time.Duration(script.IntN(10)) * time.Millisecond)
			for len(open) > 0 && script.IntN(9) > 3 {
				i := script.IntN(len(open))
				open[i].End(time.Duration(1+script.IntN(30))*time.Millisecond, script.IntN(20) == 0)
				open = append(open[:i], open[i+1:]...)
			}
		}
		fmt.Fprintf(&out, "| %s\n", r.disturb(script))
	}
	return out.String()
}

// disturb changes one thing of the set and says what.
func (r *rig) disturb(script *rand.Rand) string {
	all := r.Members()
	m := all[script.IntN(len(all))]
	var err error
	what := ""
	switch script.IntN(6) {
	case 0:
		m.SetUp(!m.Up())
		what = fmt.Sprint(m.Name, " up ", m.Up())
	case 1:
		what = fmt.Sprint(m.Name, " drains ", !m.Draining() && m.Name != "a")
		err = r.Drain(m.Name, !m.Draining() && m.Name != "a")
	case 2:
		w := float64(1 + script.IntN(4))
		what = fmt.Sprint(m.Name, " weighs ", w)
		err = r.SetWeight(m.Name, w)
	case 3:
		n := 2 + script.IntN(5)
		what = fmt.Sprint(n, " members")
		_, _, err = r.Apply(equal(n))
	case 4:
		r.clock = r.clock.Add(time.Second)
		what = "a second later"
	case 5:
		what = "nothing"
	}
	if err != nil {
		r.Fatal(err)
	}
	return what
}

func equalSeedsGiveEqualPicks(t testing.TB, p balance.Policy, _ Traits) {
	for seed := range uint64(3) {
		a, b := Trace(t, p, seed+1, 60), Trace(t, p, seed+1, 60)
		if a != b {
			x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
			for i := range x {
				if x[i] != y[i] {
					t.Fatalf("with the seed %d step %d was once\n%s\nand once\n%s", seed+1, i+1, x[i], y[i])
				}
			}
		}
	}
}

func setsOfOnePolicyAreApart(t testing.TB, p balance.Policy, _ Traits) {
	alone := build(t, p, equal(4), balance.Options{})
	a, b := build(t, p, equal(4), balance.Options{}), build(t, p, equal(4), balance.Options{})
	b.Member("a").SetUp(false)
	for i := range 1000 {
		want, got := alone.pick(balance.Request{}), a.pick(balance.Request{})
		b.pick(balance.Request{}).Begin()
		if want.Name != got.Name {
			t.Fatalf("pick %d was %s beside another set, and %s without it", i+1, got.Name, want.Name)
		}
	}
}
