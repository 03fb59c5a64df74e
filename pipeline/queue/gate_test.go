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

// The deadline and a wake that meet leave no token behind, so the next wake does not wait for a reader.
func TestADeadlineThatMeetsAWakeLeavesNoToken(t *testing.T) {
	var g gate
	g.init()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				g.wake()
				runtime.Gosched()
			}
		}
	}()
	for range 300 {
		if !g.wait(time.Now().Add(20*time.Microsecond), func() bool { return false }) {
			t.Error("wait says that the queue is closed")
		}
		if len(g.token) != 0 || g.parked.Load() {
			t.Fatal("the waiter left, and its token or its announcement stayed")
		}
	}
	close(stop)
	<-stopped
}
