package balance_test

import (
	"testing"
	"time"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/balance/balancetest"
)

func TestAClientKeepsItsMemberUntilItIsSilent(t *testing.T) {
	r := newRig(t, balance.Sticky(time.Minute, balance.RoundRobin()), balance.Options{}, balancetest.Backends(1, 1, 1)...)
	held := r.pick(balance.Request{Key: 5})
	for range 10 {
		r.clock = r.clock.Add(59 * time.Second)
		if m := r.pick(balance.Request{Key: 5}); m != held {
			t.Fatalf("the client went from %s to %s within its time", held.Name, m.Name)
		}
	}
	for key := uint64(100); r.pick(balance.Request{Key: key}) != held; key++ { // so that another is next
	}
	r.clock = r.clock.Add(62 * time.Second)
	if m := r.pick(balance.Request{Key: 5}); m == held {
		t.Error("the client kept its member though its time was over")
	}
}

func TestARetryLeavesTheClientWhereItIs(t *testing.T) {
	r := newRig(t, balance.Sticky(time.Minute, balance.RoundRobin()), balance.Options{}, balancetest.Backends(1, 1, 1)...)
	held := r.pick(balance.Request{Key: 5})
	if m := r.pick(balance.Request{Key: 5, Avoid: held}); m == held {
		t.Error("the member to avoid was picked")
	}
	if m := r.pick(balance.Request{Key: 5}); m != held {
		t.Error("a retry moved the client")
	}
}

func TestAClientMovesForGoodWhenItsMemberIsDown(t *testing.T) {
	r := newRig(t, balance.Sticky(time.Minute, balance.RoundRobin()), balance.Options{}, balancetest.Backends(1, 1, 1)...)
	held := r.pick(balance.Request{Key: 5})
	held.SetUp(false)
	next := r.pick(balance.Request{Key: 5})
	held.SetUp(true)
	if m := r.pick(balance.Request{Key: 5}); m != next || next == held {
		t.Errorf("the client went from %s to %s and then to %s", held.Name, next.Name, m.Name)
	}
}

// When there are more clients than places, those that were seen last keep theirs.
func TestTheTableOfClientsIsBounded(t *testing.T) {
	r := newRig(t, balance.Sticky(time.Hour, balance.Random(), balance.Clients(8)), balance.Options{}, balancetest.Backends(make([]float64, 20)...)...)
	last := map[uint64]*balance.Member{}
	for key := range uint64(100) {
		r.clock = r.clock.Add(2 * time.Minute)
		last[key] = r.pick(balance.Request{Key: key})
	}
	for key := uint64(92); key < 100; key++ {
		if m := r.pick(balance.Request{Key: key}); m != last[key] {
			t.Errorf("client %d, one of the last eight, went from %s to %s", key, last[key].Name, m.Name)
		}
	}
	moved := 0
	for key := range uint64(92) {
		if r.pick(balance.Request{Key: key}) != last[key] {
			moved++
		}
	}
	if moved < 70 {
		t.Errorf("%d of 92 clients got a new member, though there are places for 8", moved)
	}
}
