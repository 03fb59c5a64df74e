package load

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A bell notes when it rings.
type bell struct {
	timer
	rang []int64
}

func (b *bell) ring(now int64) { b.rang = append(b.rang, now) }

func TestTimersRingOnceInTheOrderOfTheirTimes(t *testing.T) {
	var all timers
	if all.next() != math.MaxInt64 {
		t.Errorf("something is due at %d", all.next())
	}
	random := rand.New(rand.NewPCG(1, 2))
	bells := make([]bell, 500)
	for i := range bells {
		b := &bells[i]
		b.owner = b
		all.set(&b.timer, 1000+random.Int64N(1000))
		if i%3 == 0 {
			all.set(&b.timer, random.Int64N(1000)) // sooner
		}
		all.set(&b.timer, 3000) // later changes nothing
	}
	for now := int64(0); len(all) > 0; now++ {
		all.ring(now)
		if all.next() <= now {
			t.Fatalf("at %d one that was due at %d has not rung", now, all.next())
		}
	}
	for i := range bells {
		b := &bells[i]
		if !slices.Equal(b.rang, []int64{b.at}) || (i%3 == 0) != (b.at < 1000) || b.place != 0 {
			t.Errorf("timer %d for %d rang at %v", i, b.at, b.rang)
		}
	}
}

// A stubborn one is set again whenever it rings.
type stubborn struct {
	timer
	all *timers
	n   int
}

func (s *stubborn) ring(now int64) { s.n++; s.all.set(&s.timer, now+10) }

func TestATimerMaySetItselfAgain(t *testing.T) {
	var all timers
	s := &stubborn{all: &all}
	s.owner = s
	all.set(&s.timer, 5)
	if n := testing.AllocsPerRun(100, func() { all.ring(all.next()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if s.n != 101 || all.next() != 5+10*101 {
		t.Errorf("it rang %d times, next at %d", s.n, all.next())
	}
}
