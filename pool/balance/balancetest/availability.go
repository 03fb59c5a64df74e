package balancetest

import (
	"errors"
	"testing"

	"github.com/leat-io/leat/pool/balance"
)

func givesNothingWithoutMembers(t testing.TB, p balance.Policy, _ Traits) {
	r := build(t, p, nil, balance.Options{})
	if m, err := r.Pick(balance.Request{}); m != nil || !errors.Is(err, balance.ErrNone) {
		t.Errorf("an empty set gave %v, %v", m, err)
	}
	if _, _, err := r.Apply(equal(2)); err != nil {
		t.Fatal(err)
	}
	r.pick(balance.Request{})
	if _, _, err := r.Apply(nil); err != nil {
		t.Fatal(err)
	}
	if m, err := r.Pick(balance.Request{}); m != nil || !errors.Is(err, balance.ErrNone) {
		t.Errorf("a set that was emptied gave %v, %v", m, err)
	}
}

func givesNothingWhenAllAreDown(t testing.TB, p balance.Policy, _ Traits) {
	r := build(t, p, equal(3), balance.Options{Panic: balance.NoPanic})
	for _, m := range r.Members() {
		m.SetUp(false)
	}
	for _, q := range []balance.Request{{}, {Key: 1, Read: true}, {Avoid: r.Members()[1]}} {
		m, err := r.Pick(q)
		var none *balance.NoneError
		if m != nil || !errors.As(err, &none) || none.Down != 3 || none.Members != 3 {
			t.Errorf("with all 3 members down a pick gave %v, %v", m, err)
		}
	}
	r.Members()[2].SetUp(true)
	if m := r.pick(balance.Request{}); m != r.Members()[2] {
		t.Errorf("%s was picked, which is down", m.Name)
	}
}

func picksOnlyWhatIsAvailable(t testing.TB, p balance.Policy, _ Traits) {
	r := build(t, p, Backends(3, 1, 2, 1, 5, 1), balance.Options{Panic: balance.NoPanic})
	all := r.Members()
	for range 200 {
		m := all[r.keys.IntN(len(all))]
		switch r.keys.IntN(3) {
		case 0:
			m.SetUp(!m.Up())
		case 1:
			_ = r.Drain(m.Name, !m.Draining())
		case 2:
			_ = r.SetWeight(m.Name, float64(r.keys.IntN(3)))
		}
		for range 50 {
			m, err := r.Pick(balance.Request{Key: r.keys.Uint64(), Avoid: all[r.keys.IntN(len(all))]})
			if m == nil && available(r) > 0 {
				t.Fatalf("nobody was picked while %d are available: %v", available(r), err)
			}
			if m != nil && !m.Available() {
				t.Fatalf("%s was picked, which is not available", m.Name)
			}
		}
	}
}

func available(r *rig) (n int) {
	for _, m := range r.Members() {
		if m.Available() {
			n++
		}
	}
	return n
}

func usesAllInPanic(t testing.TB, p balance.Policy, _ Traits) {
	r := build(t, p, equal(5), balance.Options{})
	for _, name := range []string{"a", "b", "c"} {
		r.Member(name).SetUp(false)
	}
	if err := r.Drain("a", true); err != nil { // of the four that are left half are up
		t.Fatal(err)
	}
	for m := range r.count(1000) {
		if !m.Up() {
			t.Fatalf("%s was picked, which is down, while half are up", m.Name)
		}
	}
	r.Member("d").SetUp(false)
	picks := r.count(10_000)
	for _, m := range r.Members() {
		if (picks[m] > 0) != (m.Name != "a") {
			t.Errorf("in panic %s got %d picks; draining: %v", m.Name, picks[m], m.Draining())
		}
	}
	r.Member("b").SetUp(true)
	for m := range r.count(1000) {
		if !m.Up() {
			t.Fatalf("%s was picked, which is down, when the panic was over", m.Name)
		}
	}
}

func drainedMembersGetNothing(t testing.TB, p balance.Policy, _ Traits) {
	r := build(t, p, equal(4), balance.Options{})
	before := r.place(1000) // also those that were picked before
	b := r.Member("b")
	if err := r.Drain("b", true); err != nil {
		t.Fatal(err)
	}
	for i := range before {
		if m, err := r.Pick(balance.Request{Key: key(i)}); err != nil || m == b {
			t.Fatalf("a pick gave %v, %v, and b drains", m, err)
		}
	}
	if err := r.Drain("b", false); err != nil {
		t.Fatal(err)
	}
	if r.count(1000)[b] == 0 {
		t.Error("a member that no longer drains gets nothing")
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := r.Drain(name, true); err != nil {
			t.Fatal(err)
		}
	}
	var none *balance.NoneError
	if _, err := r.Pick(balance.Request{}); !errors.As(err, &none) || none.Draining != 4 {
		t.Errorf("all drain, and the error is %v", err)
	}
}

func avoidsWhereThereIsAnother(t testing.TB, p balance.Policy, _ Traits) {
	r := build(t, p, Backends(1, 8, 1), balance.Options{Panic: balance.NoPanic})
	for _, avoid := range r.Members() {
		for range 1000 {
			if m := r.pick(balance.Request{Avoid: avoid}); m == avoid {
				t.Fatalf("%s was picked, which is to be avoided", m.Name)
			}
		}
	}
	a, b := r.Member("a"), r.Member("b")
	r.Member("c").SetUp(false)
	for range 1000 {
		if m := r.pick(balance.Request{Avoid: b}); m != a {
			t.Fatalf("%s was picked, and a is the only other", m.Name)
		}
	}
	a.SetUp(false)
	if m := r.pick(balance.Request{Avoid: b}); m != b {
		t.Errorf("%s was picked, and only b is available", m.Name)
	}
}
