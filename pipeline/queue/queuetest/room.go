package queuetest

import (
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/pipeline/queue"
)

func callsRoomAfterAShortPush(t testing.TB, mk queue.Maker[Message]) {
	for _, capacity := range []int{1, 2, 3, 64, 1024} {
		inBubble(t, mk, queue.Config{Cap: capacity}, func(r *rig) {
			p, c := r.join(0), r.consumer()
			for range 100 {
				c.pop(r.rand.IntN(capacity + 1)) // begin with any level, and with messages lent
				before := p.calls.Load()
				p.push(capacity + 1)
				for range r.rand.IntN(3) {
					p.push(1) // coming up short again must not confuse it
				}
				for r.Len() > 0 {
					if len(c.pop(1+r.rand.IntN(capacity))) == 0 {
						break
					}
				}
				c.giveBack()
				synctest.Wait()
				if p.calls.Load() == before {
					r.Fatalf("a Push into a queue for %d messages came up short, and room was not called when it was empty", capacity)
				}
			}
		})
	}
}

func callsRoomForEveryProducer(t testing.TB, mk queue.Maker[Message]) {
	inBubble(t, mk, queue.Config{Cap: 64, Producers: 4}, func(r *rig) {
		var all []*producer
		for i := range r.Producers {
			all = append(all, r.join(uint64(i)))
		}
		c := r.consumer()
		for range 50 {
			before := make([]int64, len(all))
			for i, p := range all {
				p.fill()
				before[i] = p.calls.Load()
			}
			c.drain()
			synctest.Wait()
			for i, p := range all {
				if p.calls.Load() == before[i] {
					r.Fatalf("the room of producer %d of %d was not called when the queue was empty", i, len(all))
				}
			}
		}
	})
	// A queue may be closed while a producer is short: whoever stops it takes no harm from a late call, and needs none.
	inBubble(t, mk, queue.Config{Cap: 1}, func(r *rig) {
		r.join(0).fill()
		r.Close()
		if n := r.consumer().drain(); n != 1 {
			r.Errorf("popped %d of 1", n)
		}
	})
	// Without room nobody is called, and nothing else changes.
	inBubble(t, mk, queue.Config{Cap: 3, Full: queue.DropNewest}, func(r *rig) {
		p, c := r.producer(0), r.consumer()
		p.end = r.Join(nil)
		for range 10 {
			if n := p.fill(); n != 3 {
				r.Errorf("a queue for 3 messages took %d", n)
			}
			c.drain()
		}
	})
}

func producersMayJoinLate(t testing.TB, mk queue.Maker[Message]) {
	inBubble(t, mk, queue.Config{Cap: 64, Producers: 8}, func(r *rig) {
		c := r.consumer()
		for i := range 8 {
			r.wg.Go(func() {
				synctest.Wait() // until the consumer sleeps
				r.join(uint64(i)).pushAll(i + 1)
			})
			for got := 0; got <= i; {
				if !r.Wait(r.eventually()) {
					r.Fatalf("Wait returned false before the end")
				}
				n := len(c.pop(100))
				if got += n; n == 0 {
					r.Fatalf("Wait returned true, and of producer %d only %d messages of %d came", i, got, i+1)
				}
			}
		}
	})
}
