package balance_test

import (
	"errors"
	"testing"

	"github.com/leat-io/leat/pool/balance"
)

func shards() []balance.Backend {
	return []balance.Backend{
		{Name: "a1", Address: "a1:1", Group: "a"},
		{Name: "a2", Address: "a2:1", Group: "a", Replica: true},
		{Name: "b1", Address: "b1:1", Group: "b"},
		{Name: "b2", Address: "b2:1", Group: "b", Replica: true},
		{Name: "b3", Address: "b3:1", Group: "b", Replica: true},
		{Name: "c", Address: "c:1"}, // a group of its own
	}
}

func TestAKeyStaysWithItsGroup(t *testing.T) {
	r := newRig(t, balance.Groups(balance.Ketama(), balance.RoundRobin()), balance.Options{Panic: balance.NoPanic}, shards()...)
	group := map[uint64]string{}
	count := map[string]int{}
	for key := range uint64(3000) {
		key := key * 0x9e3779b1
		w := r.pick(balance.Request{Key: key})
		if w.Replica {
			t.Fatalf("a write went to %s, a replica", w.Name)
		}
		group[key] = w.Group
		for range 3 {
			m := r.pick(balance.Request{Key: key, Read: true})
			if m.Group != w.Group {
				t.Fatalf("key %d is written at %s and read at %s", key, w.Name, m.Name)
			}
			count[m.Name]++
		}
	}
	if len(count) != 6 || count["b1"] != count["b2"] || count["b2"] != count["b3"] {
		t.Errorf("reads went to %v", count)
	}

	r.Member("b1").SetUp(false)
	for key, g := range group {
		w, err := r.Pick(balance.Request{Key: key})
		if g == "b" && !errors.Is(err, balance.ErrNone) || g != "b" && w.Group != g {
			t.Fatalf("a write of a key of %s went to %v, %v with b1 down", g, w, err)
		}
		if m := r.pick(balance.Request{Key: key, Read: true}); m.Group != g || m.Name == "b1" {
			t.Fatalf("a read of a key of %s went to %s with b1 down", g, m.Name)
		}
	}

	promoted := shards()
	promoted[2].Replica, promoted[3].Replica = true, false
	r.apply(promoted...)
	for key, g := range group {
		if w := r.pick(balance.Request{Key: key}); w.Group != g || g == "b" && w.Name != "b2" {
			t.Fatalf("a write of a key of %s went to %s when b2 had been promoted", g, w.Name)
		}
	}
	r.apply(shards()[2:]...) // the group a has gone
	for key, g := range group {
		if w := r.pick(balance.Request{Key: key}); g != "a" && w.Group != g || w.Group == "a" {
			t.Fatalf("a write of a key of %s went to %s when a had gone", g, w.Name)
		}
	}
}

func TestAGroupWithoutAPrimaryTakesNoWrites(t *testing.T) {
	r := newRig(t, balance.Groups(balance.Maglev(balance.Table(1009)), balance.P2C()), balance.Options{}, shards()[1:2]...)
	if m, err := r.Pick(balance.Request{}); err == nil {
		t.Errorf("a write went to %s", m.Name)
	}
	if m := r.pick(balance.Request{Read: true}); m.Name != "a2" {
		t.Errorf("a read went to %s", m.Name)
	}
}

func TestAGroupWeighsWhatItsPrimariesDo(t *testing.T) {
	backends := shards()
	backends[0].Weight = 2
	r := newRig(t, balance.Groups(balance.Rendezvous(), balance.P2C()), balance.Options{}, backends...)
	if s := r.share(20_000, func(m *balance.Member) bool { return m.Group == "a" }); s < .49 || s > .51 {
		t.Errorf("a group of weight 2 of 4 got %v of the keys", s)
	}
}
