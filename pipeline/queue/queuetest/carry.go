package queuetest

import (
	"testing"

	"github.com/leat-io/leat/pipeline/queue"
)

func carriesEveryMessageOnceAndInOrder(t testing.TB, mk queue.Maker[Message]) {
	for _, cfg := range []queue.Config{
		{Cap: 1, Producers: 1}, {Cap: 2, Producers: 1}, {Cap: 3, Producers: 1}, {Cap: 64, Producers: 1}, {Cap: 1024, Producers: 1},
		{Cap: 4, Producers: 4}, {Cap: 64, Producers: 4}, {Cap: 1024, Producers: 8},
	} {
		inBubble(t, mk, cfg, func(r *rig) { r.carry(min(4000, 500*cfg.Cap), r.consumer()) })
	}
}

// carry sends each messages from every producer to c, in batches and with pauses of random lengths on both sides, so that
// the queue runs full and empty, and c sleeps, many times.
func (r *rig) carry(each int, c *consumer) {
	var producers []*producer
	for i := range r.Producers {
		producers = append(producers, r.join(uint64(i)))
	}
	total := r.Producers * each
	for _, p := range producers {
		r.wg.Go(func() {
			for left := each; left > 0; {
				n := min(left, 1+p.rand.IntN(1+p.rand.IntN(2*min(p.Cap, 100))))
				if !p.pushAll(n) {
					return
				}
				left -= n
				nap(p.rand, 50)
			}
		})
	}
	waited := false
	for got := 0; got < total; {
		n := len(c.pop(1 + r.rand.IntN(2*min(r.Cap, 100))))
		got += n
		if n == 0 && waited {
			r.Fatalf("Wait returned true after %d of %d messages, and there was none to pop", got, total)
		}
		if waited = n == 0; waited && !r.Wait(r.eventually()) {
			r.Fatalf("Wait returned false after %d of %d messages", got, total)
		}
		nap(r.rand, 50)
	}
	for _, p := range producers {
		if c.next[p.id] != uint64(each) {
			r.Errorf("%d of %d messages of producer %d came", c.next[p.id], each, p.id)
		}
	}
	if n := c.drain(); n != 0 {
		r.Errorf("%d messages more than were sent", n)
	}
}
