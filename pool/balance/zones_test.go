package balance_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/leat-io/leat/pool/balance"
)

// places are ten backends in the zone a, ten in b of the same region, and ten elsewhere.
func places() []balance.Backend {
	var all []balance.Backend
	for i := range 10 {
		all = append(all,
			balance.Backend{Address: fmt.Sprint("a", i), Zone: "a", Region: "near"},
			balance.Backend{Address: fmt.Sprint("b", i), Zone: "b", Region: "near"},
			balance.Backend{Address: fmt.Sprint("c", i), Zone: "c", Region: "far"})
	}
	return all
}

func TestZonesSpillOverByDistance(t *testing.T) {
	for _, c := range []struct {
		up, due [3]float64 // of ten each; of all requests
	}{
		{[3]float64{10, 10, 10}, [3]float64{1, 0, 0}},
		{[3]float64{8, 10, 10}, [3]float64{1, 0, 0}},
		{[3]float64{5, 10, 10}, [3]float64{.7, .3, 0}},
		{[3]float64{2, 4, 10}, [3]float64{.28, .56, .16}},
		{[3]float64{0, 10, 10}, [3]float64{0, 1, 0}},
		{[3]float64{0, 1, 3}, [3]float64{0, .25, .75}},
		{[3]float64{0, 0, 0}, [3]float64{1, 0, 0}}, // panic
	} {
		for _, inner := range []balance.Policy{balance.P2C(), balance.Maglev(balance.Table(1009))} {
			r := newRig(t, balance.Zones("a", "near", inner), balance.Options{}, places()...)
			for i, m := range r.Members() {
				m.SetUp(float64(i/3) < c.up[i%3])
			}
			for zone := range 3 {
				name := string(rune('a' + zone))
				got := r.share(40_000, func(m *balance.Member) bool { return m.Zone == name })
				if math.Abs(got-c.due[zone]) > 0.015 {
					t.Errorf("%v: with %v up the zone %s got %.3f, and %v is due", r.Members()[0].Name, c.up, name, got, c.due[zone])
				}
			}
		}
	}
}

func TestAZoneBorrowsWhatIsToBeAvoided(t *testing.T) {
	backends := places()[:3]
	r := newRig(t, balance.Zones("a", "near", balance.P2C()), balance.Options{Panic: balance.NoPanic}, backends...)
	a, b, c := r.Member("a0"), r.Member("b0"), r.Member("c0")
	if m := r.pick(balance.Request{Avoid: a}); m != b {
		t.Errorf("%s was picked when a is to be avoided, not the nearest other", m.Name)
	}
	b.SetUp(false)
	if m := r.pick(balance.Request{Avoid: a}); m != c {
		t.Errorf("%s was picked when a is to be avoided and b is down", m.Name)
	}
	c.SetUp(false)
	if m := r.pick(balance.Request{Avoid: a}); m != a {
		t.Errorf("%s was picked when a is all there is", m.Name)
	}
}

func TestWithoutARegionOnlyTheZoneIsNear(t *testing.T) {
	r := newRig(t, balance.Zones("a", "", balance.RoundRobin()), balance.Options{},
		balance.Backend{Address: "x", Zone: "a"}, balance.Backend{Address: "y"}, balance.Backend{Address: "z", Region: "near"})
	r.Member("x").SetUp(false)
	if s := r.share(100, func(m *balance.Member) bool { return m.Name == "y" }); s != 0.5 {
		t.Errorf("one of two got %v", s)
	}
}
