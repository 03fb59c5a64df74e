package balancetest

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// picksWhileEverythingChanges has four goroutines send requests while others change the set. One member is always available.
func picksWhileEverythingChanges(t testing.TB, p balance.Policy, _ Traits) {
	s, err := balance.NewSet(p, equal(8), balance.Options{Seed: seed, SlowStart: time.Millisecond, Panic: balance.NoPanic})
	if err != nil {
		t.Fatal(err)
	}
	var users, changers sync.WaitGroup
	stop := make(chan struct{})
	for i := range 4 {
		users.Go(func() { use(t, s, rand.New(rand.NewPCG(uint64(i), 0)), stop) })
	}
	for i := range 2 {
		changers.Go(func() { change(t, s, rand.New(rand.NewPCG(uint64(i), 1)), i == 0) })
	}
	changers.Wait()
	close(stop)
	users.Wait()
	for _, m := range s.Members() {
		if m.InFlight() != 0 {
			t.Errorf("%d requests at %s have begun and not ended", m.InFlight(), m.Name)
		}
	}
}

// use sends requests, and in batches so that some are in flight.
func use(t testing.TB, s *balance.Set, rand *rand.Rand, stop chan struct{}) {
	var sent []*balance.Member
	for {
		for range 8 {
			m, err := s.Pick(balance.Request{Key: rand.Uint64(), Read: rand.IntN(2) == 0})
			if err != nil {
				t.Errorf("a is always available, and still: %v", err)
				return
			}
			m.Begin()
			sent = append(sent, m)
		}
		for _, m := range sent {
			m.End(time.Duration(rand.IntN(1e6)), rand.IntN(10) == 0)
		}
		sent = sent[:0]
		select {
		case <-stop:
			return
		default:
		}
	}
}

// change changes everything but the first member.
func change(t testing.TB, s *balance.Set, rand *rand.Rand, membership bool) {
	for i := range 60 {
		if membership && i%10 == 0 {
			if _, _, err := s.Apply(equal(2 + rand.IntN(8))); err != nil {
				t.Error(err)
			}
		}
		all := s.Members()
		m := all[1+rand.IntN(len(all)-1)]
		m.SetUp(rand.IntN(2) == 0)
		// It may have gone meanwhile.
		_ = s.Drain(m.Name, rand.IntN(3) == 0)
		if i%5 == 0 {
			_ = s.SetWeight(m.Name, float64(rand.IntN(3)))
		}
	}
}

func allocatesNothing(t testing.TB, p balance.Policy, _ Traits) {
	if raceEnabled {
		return
	}
	r := build(t, p, Backends(1, 2, 3), balance.Options{})
	k := uint64(0)
	n := testing.AllocsPerRun(1000, func() {
		k++
		m, err := r.Pick(balance.Request{Key: k})
		if err != nil {
			t.Fatal(err)
		}
		m.Begin()
		m.End(time.Millisecond, false)
	})
	if n > 0 {
		t.Errorf("a pick allocates %v times", n)
	}
}
