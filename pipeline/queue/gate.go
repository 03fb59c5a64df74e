package queue

import (
	"runtime"
	"sync/atomic"
	"time"
)

// A pad keeps what one core writes off the cache lines that another one reads. It is two lines long because x86 processors
// fetch lines in pairs.
type pad [128]byte

// How long a waiter stays awake before it sleeps: about 1 µs, which is what its waker pays when it sleeps (it is itself
// back after 1 to 15 µs). The looks are spaced, or they would take the line that a producer is writing away from it. The
// yields let producers on the same core finish what they are about to push, also when GOMAXPROCS is 1.
const (
	looks   = 32
	spacing = 32
	yields  = 4
)

// A gate is where the one consumer of a queue sleeps. It sleeps after Dekker: it announces itself, looks once more, and only
// then blocks; a producer first makes its message visible, and then looks for the announcement. One of the two sees the
// other, provided that both sides use sequentially consistent operations: those of sync/atomic, and non-blocking receives,
// but not len of a channel.
//
// Waiters look without a rest only while each of them leaves a processor to those it waits for: of all that wait in the
// process, fewer do so than there are processors. The others yield at once and then sleep.
//
// The channel is made with the gate and the timer by the waiter, so a gate works in a testing/synctest bubble.
type gate struct {
	_        pad
	parked   atomic.Bool // set by the waiter; whoever clears it owes the token, unless it is the waiter itself
	closed   atomic.Bool
	_        pad
	token    chan struct{} // room for one: parked is cleared once per sleep
	timer    *time.Timer   // the waiter's
	spinners int32         // how many waiters may look without a rest at once
}

// looking is how many waiters of the process look without a rest.
var looking struct {
	_ pad
	n atomic.Int32
	_ pad
}

func (g *gate) init() {
	g.token = make(chan struct{}, 1)
	g.spinners = int32(runtime.GOMAXPROCS(0)) - 1
}

// wake is called after a message has become visible.
func (g *gate) wake() {
	if g.parked.Load() {
		g.unpark()
	}
}

func (g *gate) unpark() {
	if g.parked.CompareAndSwap(true, false) {
		g.token <- struct{}{}
	}
}

func (g *gate) close() {
	g.closed.Store(true)
	g.wake()
}

// wait is [Queue.Wait]; pending says whether there is something to pop.
func (g *gate) wait(until time.Time, pending func() bool) bool {
	if more, over := g.look(pending); over {
		return more
	}
	if !until.IsZero() && time.Until(until) <= 0 {
		return true
	}
	if more, over := g.spin(pending); over {
		return more
	}
	for range yields {
		runtime.Gosched()
		if more, over := g.look(pending); over {
			return more
		}
	}
	for {
		g.parked.Store(true)
		if more, over := g.look(pending); over {
			g.withdraw()
			return more
		}
		woken := g.sleep(until)
		if !woken {
			g.withdraw()
		}
		// Whoever was woken may find nothing: the message may have been evicted before it could look.
		if more, over := g.look(pending); over || !woken {
			return more || !over
		}
	}
}

// look asks for the end before it asks for messages: nothing is pushed after the end, so none now means none ever.
func (g *gate) look(pending func() bool) (more, over bool) {
	closed := g.closed.Load()
	more = pending()
	return more, more || closed
}

// spin looks without a rest, unless as many as may do so already.
func (g *gate) spin(pending func() bool) (more, over bool) {
	defer looking.n.Add(-1)
	if looking.n.Add(1) > g.spinners {
		return false, false
	}
	for range looks {
		g.pause()
		if more, over = g.look(pending); over {
			break
		}
	}
	return more, over
}

// pause spends about 10 ns on a line that stays in this core's cache.
func (g *gate) pause() {
	for range spacing {
		g.parked.Load()
	}
}

// withdraw takes the announcement back, or the token of the producer that has seen it.
func (g *gate) withdraw() {
	if !g.parked.CompareAndSwap(true, false) {
		<-g.token
	}
}

// sleep returns true when it has taken the token, false when the time is until.
func (g *gate) sleep(until time.Time) bool {
	if until.IsZero() {
		<-g.token
		return true
	}
	if left := time.Until(until); g.timer == nil {
		g.timer = time.NewTimer(left)
	} else {
		g.timer.Reset(left)
	}
	defer g.timer.Stop()
	select {
	case <-g.token:
		return true
	case <-g.timer.C:
		return false
	}
}
