package balancetest

import (
	"testing"

	"github.com/leat-io/leat/pool/balance"
)

const someKeys = 20_000

func aKeyKeepsItsMember(t testing.TB, p balance.Policy, traits Traits) {
	r := build(t, p, Backends(1, 2, 3, 1), balance.Options{})
	before := r.place(someKeys)
	r.count(100)
	for i, m := range r.place(someKeys) {
		if m != before[i] {
			t.Fatalf("the key %#x went to %s and then to %s", key(i), before[i].Name, m.Name)
		}
	}
}

func onlyKeysOfTheDownMove(t testing.TB, p balance.Policy, traits Traits) {
	r := build(t, p, Backends(1, 2, 3, 1, 1), balance.Options{})
	before := r.place(someKeys)
	c := r.Member("c")
	c.SetUp(false)
	to := map[*balance.Member]int{}
	for i, m := range r.place(someKeys) {
		switch {
		case before[i] == c:
			to[m]++
		case m != before[i]:
			t.Fatalf("the key %#x moved from %s to %s when c went down", key(i), before[i].Name, m.Name)
		}
	}
	if len(to) != 4 {
		t.Errorf("the keys of c all went to %d of 4 others", len(to))
	}
	c.SetUp(true)
	if traits.Remembers {
		return
	}
	for i, m := range r.place(someKeys) {
		if m != before[i] {
			t.Fatalf("the key %#x went to %s, and to %s when all were up again", key(i), before[i].Name, m.Name)
		}
	}
}

func fewKeysMoveWhenAMemberComes(t testing.TB, p balance.Policy, traits Traits) {
	r := build(t, p, equal(8), balance.Options{})
	before := r.place(someKeys)
	added, removed, err := r.Apply(equal(9))
	if err != nil || len(added) != 1 || len(removed) != 0 {
		t.Fatalf("%s came and %s went: %v", names(added), names(removed), err)
	}
	moved, taken := 0, 0
	for i, m := range r.place(someKeys) {
		switch {
		case m == added[0]:
			taken++
		case m != before[i]:
			moved++
		}
	}
	if float64(moved) > traits.Moves*someKeys {
		t.Errorf("%d of %d keys moved between others when a member came", moved, someKeys)
	}
	if taken == 0 && !traits.Remembers {
		t.Error("a new member got no keys")
	}
}

func fewKeysMoveWhenAMemberGoes(t testing.TB, p balance.Policy, traits Traits) {
	r := build(t, p, equal(9), balance.Options{})
	before := r.place(someKeys)
	gone := r.Member("d")
	backends := equal(9)
	added, removed, err := r.Apply(append(backends[:3:3], backends[4:]...))
	if err != nil || len(added) != 0 || len(removed) != 1 || removed[0] != gone || !gone.Removed() {
		t.Fatalf("%s came and %s went: %v", names(added), names(removed), err)
	}
	moved := 0
	for i, m := range r.place(someKeys) {
		switch {
		case m == gone:
			t.Fatal("a removed member was picked")
		case before[i] != gone && m != before[i]:
			moved++
		}
	}
	if float64(moved) > traits.Moves*someKeys {
		t.Errorf("%d of %d keys moved between others when a member went", moved, someKeys)
	}
}
