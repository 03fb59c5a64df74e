package queuetest

import (
	"testing"

	"github.com/leat-io/leat/pipeline/queue"
)

func lentMessagesKeepUntilTheNextPop(t testing.TB, mk queue.Maker[Message]) {
	for _, capacity := range []int{1, 2, 7, 64, 1024} {
		inBubble(t, mk, queue.Config{Cap: capacity}, func(r *rig) {
			p, c := r.join(0), r.consumer()
			for range 50 {
				p.push(1 + r.rand.IntN(capacity))
				lent := c.pop(1 + r.rand.IntN(capacity))
				if len(lent) == 0 {
					continue
				}
				p.fill() // as much as ever can be written while they are lent
				c.settle()
			}
			p.fill()
			c.pop(1)
			r.Close()
			r.Wait(r.eventually())
			c.settle()
		})
	}
	// While another goroutine pushes: the race detector sees who writes into what is lent.
	inBubble(t, mk, queue.Config{Cap: 64}, func(r *rig) {
		p, c := r.join(0), r.consumer()
		r.wg.Go(func() {
			for p.pushAll(1 + p.rand.IntN(40)) { // until the test ends
			}
		})
		for range 500 {
			if len(c.pop(1+r.rand.IntN(100))) == 0 {
				r.Wait(r.eventually())
			}
			nap(r.rand, 2) // the producer fills the queue meanwhile
		}
	})
}

func popNeverWaits(t testing.TB, mk queue.Maker[Message]) {
	inBubble(t, mk, queue.Config{Cap: 8}, func(r *rig) {
		p, c := r.join(0), r.consumer()
		for _, n := range []int{0, 1, 8} {
			p.push(n)
			if got := c.drain(); got != n {
				r.Errorf("%d messages were pushed, %d popped", n, got)
			}
		}
	})
	inBubble(t, mk, queue.Config{Cap: 8}, func(r *rig) {
		if n := r.consumer().drain(); n != 0 {
			r.Errorf("%d messages popped before anybody joined", n)
		}
	})
}
