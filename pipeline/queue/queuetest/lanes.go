package queuetest

import (
	"testing"

	"github.com/leat-io/leat/pipeline/queue"
)

// aLanedQueueKnowsTheBacklogOfEachProducer is about queues that are [queue.Laned].
func aLanedQueueKnowsTheBacklogOfEachProducer(t testing.TB, mk queue.Maker[Message]) {
	inBubble(t, mk, queue.Config{Cap: 100, Producers: 3}, func(r *rig) {
		if !r.laned {
			return
		}
		var all []*producer
		for i := range r.Producers {
			all = append(all, r.join(uint64(i)))
		}
		c := r.consumer()
		check := func(when string) {
			for _, p := range all {
				b, ok := p.end.(queue.Backlogged)
				if !ok {
					r.Fatalf("a %T is Laned, and its producers are no queue.Backlogged", r.Queue)
				}
				if n, want := b.Len(), int(p.next-c.next[p.id]); n != want {
					r.Fatalf("%s: %d messages of producer %d are queued, its Len says %d", when, want, p.id, n)
				}
			}
		}
		for range 50 {
			for _, p := range all {
				p.push(p.rand.IntN(40))
			}
			check("after pushes")
			c.pop(r.rand.IntN(70))
			c.giveBack()
			check("after a pop")
		}
		c.drain()
		check("at the end")
	})
}

// noProducerStarves: whoever pushes least is served although another one never lets the queue run empty.
func noProducerStarves(t testing.TB, mk queue.Maker[Message]) {
	for quiet := range 3 {
		inBubble(t, mk, queue.Config{Cap: 50, Producers: 3}, func(r *rig) {
			var all []*producer
			for i := range r.Producers {
				all = append(all, r.join(uint64(i)))
			}
			const batch = 20
			c := r.consumer()
			for range 20 {
				all[quiet].push(1)
				due, before := all[quiet].next, r.Len()
				for popped := 0; c.next[uint64(quiet)] < due; {
					for i, p := range all {
						if i != quiet {
							p.fill()
						}
					}
					popped += len(c.pop(batch))
					if most := before + (r.Producers+1)*batch; popped > most {
						r.Fatalf("%d messages were popped while that of a producer who rarely pushes waited behind %d", popped, before)
					}
				}
				c.drain()
			}
		})
	}
}

// producersMayComeAndGo: many producers, some at a time, each for a few messages.
func producersMayComeAndGo(t testing.TB, mk queue.Maker[Message]) {
	const lines, after, each = 4, 40, 30
	inBubble(t, mk, queue.Config{Cap: 16, Producers: lines * after}, func(r *rig) {
		c := r.consumer()
		for i := range lines {
			var line []*producer
			for k := range after {
				line = append(line, r.producer(uint64(i*after+k)))
			}
			r.wg.Go(func() {
				for _, p := range line {
					p.enter()
					for range each / 5 {
						if !p.pushAll(5) {
							return
						}
						nap(p.rand, 5)
					}
				}
			})
		}
		const total = lines * after * each
		for got := 0; got < total; {
			n := len(c.pop(1 + r.rand.IntN(30)))
			if got += n; n == 0 && !r.Wait(r.eventually()) {
				r.Fatalf("Wait returned false after %d of %d messages", got, total)
			}
		}
	})
}

// carriesWhatItTookUntilClosed: producers stop at random moments, the queue is closed behind the last of them, and whatever
// Push said that it took is popped, under stalls of both sides. So all queues carry the same.
func carriesWhatItTookUntilClosed(t testing.TB, mk queue.Maker[Message]) {
	for range 100 {
		inBubble(t, mk, queue.Config{Cap: 30, Producers: 3}, func(r *rig) {
			var all []*producer
			for i := range r.Producers {
				p := r.join(uint64(i))
				all = append(all, p)
				pushes := r.rand.IntN(100)
				r.wg.Go(func() {
					for range pushes {
						p.push(p.rand.IntN(20)) // what comes up short is not tried again
						nap(p.rand, 4)
					}
				})
			}
			go func() { r.wg.Wait(); r.Close() }()
			c := r.consumer()
			for len(c.pop(1+r.rand.IntN(20))) > 0 || r.Wait(r.eventually()) {
				nap(r.rand, 4)
			}
			for _, p := range all {
				if got := c.next[p.id]; got != p.next {
					r.Errorf("%d messages of producer %d were taken, %d came before the end", p.next, p.id, got)
				}
			}
		})
	}
}
