package reactor_test

import (
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/reactor"
)

// guest is a rider that notes when the loop works for it.
type guest struct {
	turns, works atomic.Int64
	resting      atomic.Bool
}

func (g *guest) Turn() bool     { g.turns.Add(1); return false }
func (g *guest) Due() time.Time { return time.Time{} }
func (g *guest) Rest()          { g.resting.Store(true) }
func (g *guest) Work()          { g.works.Add(1); g.resting.Store(false) }

func TestARiderJoinsALoopThatRuns(t *testing.T) {
	l, g := loop(t), &guest{}
	running(t, l)
	asleep(t, l)
	on(l, func() {
		l.Join(g)
		if g.works.Load() != 1 {
			t.Error("it joins without working")
		}
	})
	asleep(t, l)
	if g.turns.Load() == 0 || !g.resting.Load() {
		t.Errorf("it has had %d turns, and rests: %v", g.turns.Load(), g.resting.Load())
	}
}

// Whoever finds a rider at rest finds the loop asleep: what it does for the rider then needs a Wake.
func TestALoopWhoseRidersRestIsAsleep(t *testing.T) {
	l := loop(t)
	l.Carry(rested{l, t})
	running(t, l)
	for range 1000 {
		on(l, func() {})
	}
}

type rested struct {
	watcher
	t *testing.T
}

func (r rested) Turn() bool     { return false }
func (r rested) Due() time.Time { return time.Time{} }
func (r rested) Work()          {}

func (r rested) Rest() {
	if _, asleep := r.Turns(); !asleep {
		r.t.Error("a rider rests on a loop that is awake")
	}
}

func TestTheEndIsToldBeforeTheKernelsPartIsClosed(t *testing.T) {
	l := loop(t)
	a, _ := pair(t)
	var told []string
	for _, name := range []string{"one", "two"} {
		l.OnEnd(func() {
			told = append(told, name)
			if _, err := l.epoll.Add(a, reactor.In, nil); err != nil && name == "one" {
				t.Error(err)
			}
		})
	}
	done := make(chan error)
	go func() { done <- l.Run() }()
	on(l, func() {})
	l.Post(task(l.Close))
	if err := <-done; err != nil || len(told) != 2 || told[0] != "one" {
		t.Errorf("%v, %v", told, err)
	}
}

// A descriptor that is released stays open, and can be watched elsewhere.
func TestAReleasedDescriptorIsWatchedElsewhere(t *testing.T) {
	l, m := loop(t), loop(t)
	running(t, l)
	running(t, m)
	a, b := pair(t)
	var first, second atomic.Int64
	on(l, func() { add(t, l, a, reactor.In, handler(func(uint32) { first.Add(1) })) })
	on(l, func() { l.epoll.Release(a) })
	syscall.Write(b, []byte("x"))
	asleep(t, l)
	on(m, func() { add(t, m, a, reactor.In, handler(func(uint32) { second.Add(1) })) })
	for range 1000 {
		if second.Load() > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if first.Load() != 0 || second.Load() != 1 {
		t.Errorf("%d events on the first loop, %d on the second", first.Load(), second.Load())
	}
}
