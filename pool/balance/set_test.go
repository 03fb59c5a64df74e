package balance_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/balance/balancetest"
)

func TestApplyKeepsMembersThatStay(t *testing.T) {
	r := newRig(t, balance.RoundRobin(), balance.Options{}, balancetest.Backends(1, 1, 1)...)
	a, b, c := r.Member("a"), r.Member("b"), r.Member("c")
	b.SetUp(false)
	moved := balance.Backend{Name: "c", Address: "elsewhere:1", Weight: 1}
	added, removed := r.apply(moved, balance.Backend{Address: "d:1"}, balancetest.Backends(1, 5)[1])
	if len(added) != 2 || added[0].Address != "elsewhere:1" || added[1].Name != "d:1" {
		t.Errorf("added: %v", added)
	}
	if len(removed) != 2 || removed[0] != a || removed[1] != c || !a.Removed() || !c.Removed() {
		t.Errorf("removed: %v", removed)
	}
	if r.Member("b") != b || b.Weight() != 5 || b.Up() || b.Removed() {
		t.Errorf("b stays, down, with the weight 5: %+v", b)
	}
	if a.Available() || added[0].Slot == added[1].Slot || added[0].Slot == b.Slot || added[0].Slot+added[1].Slot+b.Slot != 3 {
		t.Errorf("slots %d, %d and %d are not 0, 1 and 2", added[0].Slot, added[1].Slot, b.Slot)
	}
	a.SetUp(false) // a late check of one that has gone
	a.SetUp(true)
	if a.Available() {
		t.Error("a removed member became available")
	}
}

func TestRefusedBackendsChangeNothing(t *testing.T) {
	r := newRig(t, balance.Maglev(), balance.Options{}, balancetest.Backends(1, 1)...)
	for want, backends := range map[string][]balance.Backend{
		`two backends have the name "a"`:              {{Name: "a", Address: "x:1"}, {Name: "a", Address: "y:1"}},
		`backend 2, "b", has no address`:              {{Address: "x:1"}, {Name: "b"}},
		`the weight of backend "a" must be between`:   {{Name: "a", Address: "x:1", Weight: -1}},
		`the weight of backend "b" must be between`:   {{Name: "b", Address: "x:1", Weight: math.NaN()}},
		`the weight of backend "c" must be between`:   {{Name: "c", Address: "x:1", Weight: math.Inf(1)}},
		`a set has at most 65535 backends, not 65536`: make([]balance.Backend, 65536),
	} {
		if _, _, err := r.Apply(backends); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if len(r.Members()) != 2 || r.Member("a").Removed() {
		t.Error("a refused list changed the set")
	}
	for _, err := range []error{r.Drain("z", true), r.SetWeight("z", 1), r.SetWeight("a", -1)} {
		if err == nil {
			t.Error("what is not there, or makes no sense, was changed")
		}
	}
}

func TestImpossiblePoliciesAreRefused(t *testing.T) {
	for want, p := range map[string]balance.Policy{
		"a set needs a policy":                  nil,
		"maglev, table 1000: the table needs":   balance.Maglev(balance.Table(1000)),
		"ring, points 0: a member needs":        balance.Ring(balance.Points(0)),
		"the bound must be above 1":             balance.Ring(balance.Bound(1)),
		"the decay must be at least 10 ms":      balance.PeakEWMA(balance.Decay(0)),
		"it needs a policy for clients":         balance.Sticky(time.Minute, nil),
		"the time to live must be":              balance.Sticky(0, balance.P2C()),
		"it can remember between":               balance.Sticky(time.Minute, balance.P2C(), balance.Clients(0)),
		"it needs the name of the zone":         balance.Zones("", "", balance.P2C()),
		"it needs a policy for the members":     balance.Zones("a", "", nil),
		"it needs a policy for the groups":      balance.Groups(nil, balance.P2C()),
		"the policy ring, points 0: a member":   balance.Groups(balance.Ring(balance.Points(0)), balance.P2C()),
		"the policy maglev, table 4: the table": balance.Zones("a", "", balance.Maglev(balance.Table(4))),
	} {
		if s, err := balance.NewSet(p, nil, balance.Options{}); s != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, o := range []balance.Options{{SlowStart: -1}, {Panic: 1.5}, {Panic: math.NaN()}} {
		if _, err := balance.NewSet(balance.P2C(), nil, o); err == nil {
			t.Errorf("%+v was not refused", o)
		}
	}
}

func TestAnErrorTellsWhyNobodyIsAvailable(t *testing.T) {
	backends := balancetest.Backends(1, 1, 1)
	backends[2].Replica = true
	r := newRig(t, balance.P2C(), balance.Options{Panic: balance.NoPanic}, backends...)
	r.Member("a").SetUp(false)
	if err := r.Drain("b", true); err != nil {
		t.Fatal(err)
	}
	_, err := r.Pick(balance.Request{})
	var none *balance.NoneError
	if !errors.As(err, &none) || !reflect.DeepEqual(none, &balance.NoneError{Members: 3, Draining: 1, Down: 1, Unfit: 1, DownNames: []string{"a"}}) {
		t.Fatalf("%v", err)
	}
	if want := "no backend is available: of 3, 1 are down (a), 1 draining and 1 not for this request"; err.Error() != want {
		t.Errorf("the error is %q", err)
	}
	r.apply()
	if _, err := r.Pick(balance.Request{}); err.Error() != "no backend is available: there are none" {
		t.Errorf("the error is %q", err)
	}
}

func TestAnErrorNamesSomeOfThoseThatAreDown(t *testing.T) {
	for n, want := range map[int]string{
		2: "no backend is available: all 2 are down (a, b)",
		6: "no backend is available: all 6 are down (a, b, c, d and others)",
	} {
		r := newRig(t, balance.P2C(), balance.Options{Panic: balance.NoPanic}, balancetest.Backends(make([]float64, n)...)...)
		for _, m := range r.Members() {
			m.SetUp(false)
		}
		if _, err := r.Pick(balance.Request{}); err.Error() != want {
			t.Errorf("the error is %q", err)
		}
	}
}

func TestReplicasServeOnlyReads(t *testing.T) {
	backends := balancetest.Backends(1, 1, 1)
	backends[1].Replica, backends[2].Replica = true, true
	r := newRig(t, balance.RoundRobin(), balance.Options{Panic: balance.NoPanic}, backends...)
	if got := r.picks(6); got != "aaaaaa" {
		t.Errorf("writes went to %s", got)
	}
	reads := map[string]int{}
	for range 300 {
		reads[r.pick(balance.Request{Read: true}).Name]++
	}
	if reads["a"] != 100 || reads["b"] != 100 || reads["c"] != 100 {
		t.Errorf("reads went to %v", reads)
	}
	backends[0].Replica, backends[1].Replica = true, false // b is promoted
	r.apply(backends...)
	if got := r.picks(3); got != "bbb" {
		t.Errorf("writes went to %s when b had been promoted", got)
	}
	backends[0].Replica, backends[2].Replica = false, false
	r.apply(backends...)
	if got := r.picks(3); !strings.Contains(got, "a") || !strings.Contains(got, "b") || !strings.Contains(got, "c") {
		t.Errorf("writes went to %s when there were no replicas", got)
	}
}

// A policy of somebody else, that keeps nothing, need not be told of what changes.
type first struct{ members []*balance.Member }

func (first) String() string { return "first" }

func (first) Build(members []*balance.Member, _ uint64) balance.Picker { return first{members} }

func (f first) Pick(balance.Request) *balance.Member {
	for _, m := range f.members {
		if m.Available() {
			return m
		}
	}
	return nil
}

func TestAPickerMayBeBuiltAnew(t *testing.T) {
	r := newRig(t, balance.Sticky(time.Minute, first{}), balance.Options{}, balancetest.Backends(1, 1)...)
	r.Member("a").SetUp(false)
	if got := r.picks(2); got != "bb" {
		t.Errorf("picked %s with a down", got)
	}
	r.apply(balance.Backend{Name: "c", Address: "c:1"})
	if got := r.picks(2); got != "cc" {
		t.Errorf("picked %s where c is the only one", got)
	}
}

func TestASetNeedsNoSeedAndNoClock(t *testing.T) {
	s, err := balance.NewSet(balance.PeakEWMA(), balancetest.Backends(1, 1), balance.Options{SlowStart: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	s.Members()[0].SetUp(false)
	s.Members()[0].SetUp(true)
	for range 1000 {
		m, err := s.Pick(balance.Request{})
		if err != nil {
			t.Fatal(err)
		}
		m.Begin()
		m.End(time.Millisecond, false)
	}
}
