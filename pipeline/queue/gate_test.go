package queue

import (
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAloneOnACoreTheWaiterDoesNotLookTwice(t *testing.T) {
	procs := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(procs)
	var one, two gate
	one.init()
	runtime.GOMAXPROCS(2)
	two.init()
	if one.looks != 0 || two.looks != looks {
		t.Errorf("%d looks with one processor and %d with two", one.looks, two.looks)
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
