package queue

import (
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// looksOf counts how often a gate looks before it announces itself, when so many others spin.
func looksOf(processors int, others int32) (n int) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
	var g gate
	g.init()
	looking.n.Add(others)
	defer looking.n.Add(-others)
	g.wait(time.Time{}, func() bool {
		n++
		return g.parked.Load()
	})
	return n
}

func TestAWaiterSpinsOnlyWhenItLeavesAProcessorToTheOthers(t *testing.T) {
	const before, rest = 1, yields + 1 // the first look, and those after the yields and the announcement
	for _, c := range []struct {
		processors int
		others     int32
		spins      int
	}{{1, 0, 0}, {2, 0, looks}, {2, 1, 0}, {2, 5, 0}, {4, 2, looks}, {4, 3, 0}} {
		if n := looksOf(c.processors, c.others); n != before+c.spins+rest {
			t.Errorf("%d processors, %d others spin: looked %d times, not %d", c.processors, c.others, n, before+c.spins+rest)
		}
	}
	if n := looking.n.Load(); n != 0 {
		t.Errorf("%d waiters are said to spin, and none does", n)
	}
}

func TestTheWaiterSleepsAfterABoundedNumberOfLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		g.init()
		var n atomic.Int32
		go g.wait(time.Time{}, func() bool { n.Add(1); return false })
		synctest.Wait()
		if most := int32(looks + yields + 2); n.Load() > most {
			t.Errorf("looked %d times, more than %d", n.Load(), most)
		}
		g.wake() // for nothing
		synctest.Wait()
		if !g.parked.Load() {
			t.Error("does not sleep again after a wake for nothing")
		}
		g.close()
	})
}

// Between the announcement and the second look a producer may push and wake. The token it left would make the next wake
// that finds the waiter parked wait for a reader.
func TestAWakeThatMeetsTheSecondLookLeavesNoToken(t *testing.T) {
	var g gate
	g.init()
	more := g.wait(time.Time{}, func() bool {
		pushed := g.parked.Load()
		g.wake()
		return pushed
	})
	if !more {
		t.Error("wait says that the queue is closed")
	}
	if len(g.token) != 0 || g.parked.Load() {
		t.Error("the waiter has left, and its token or its announcement has stayed")
	}
}

// Between a look that finds nothing and a look at the end, the last message and the end may come.
func TestTheEndDoesNotOvertakeTheLastMessage(t *testing.T) {
	var g gate
	g.init()
	pushed := false
	more := g.wait(time.Time{}, func() bool {
		found := pushed
		if !pushed {
			pushed = true
			g.close()
		}
		return found
	})
	if !more {
		t.Error("wait says that the queue is closed and empty, with a message in it")
	}
}
