package queuetest

import (
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/pipeline/queue"
)

// inEvictableBubble skips the test when mk refuses to make queues that drop their oldest messages.
func inEvictableBubble(t testing.TB, mk queue.Maker[Message], cfg queue.Config, f func(r *rig, e queue.Evicter[Message])) {
	t.Helper()
	cfg.Full = queue.DropOldest
	probe := cfg
	probe.Batch, probe.Producers = 1, 1
	if _, err := mk(probe); err != nil {
		t.Skipf("this queue does not drop its oldest messages: %v", err)
	}
	inBubble(t, mk, cfg, func(r *rig) {
		e, ok := r.Queue.(queue.Evicter[Message])
		if !ok {
			r.Fatalf("a %T made for DropOldest is no queue.Evicter", r.Queue)
		}
		f(r, e)
	})
}

// An evictee checks what is handed over by Evict.
type evictee struct {
	*rig
	e    queue.Evicter[Message]
	seen []Message
}

func (v *evictee) evict(n int) int {
	v.Helper()
	v.seen = v.seen[:0]
	k := v.e.Evict(n, func(m *Message) {
		if err := m.err(); err != nil {
			v.Errorf("evicted: %v", err)
		}
		v.seen = append(v.seen, *m)
		m.scramble()
	})
	if k != len(v.seen) {
		v.Errorf("Evict says %d and handed over %d", k, len(v.seen))
	}
	return k
}

func evictHandsOverTheOldest(t testing.TB, mk queue.Maker[Message]) {
	for _, capacity := range []int{1, 2, 3, 100} {
		inEvictableBubble(t, mk, queue.Config{Cap: capacity}, func(r *rig, e queue.Evicter[Message]) {
			p, c, v := r.join(0), r.consumer(), &evictee{rig: r, e: e}
			for range 100 {
				if k := v.evict(1); k != 0 {
					r.Errorf("evicted %d messages from an empty queue", k)
				}
				p.fill()
				c.pop(r.rand.IntN(capacity)) // what is lent stays with the consumer
				before, queued := p.calls.Load(), int(p.next-c.next[0])
				n := 1 + r.rand.IntN(capacity)
				k := v.evict(n)
				if k < 1 || k > queued {
					r.Fatalf("Evict(%d) removed %d of %d messages", n, k, queued)
				}
				for _, m := range v.seen {
					if m.seq != c.next[0] {
						r.Fatalf("evicted message %d when %d was the oldest", m.seq, c.next[0])
					}
					c.next[0]++
				}
				c.giveBack()
				if room := capacity - (queued - k); p.push(capacity+1) != room {
					r.Errorf("%d of %d messages were evicted, and there was no room for as many", k, queued)
				}
				if k := v.evict(capacity); k != capacity {
					r.Errorf("Evict(%d) removed %d of a full queue", capacity, k)
				}
				c.next[0] = p.next
				synctest.Wait()
				if p.calls.Load() == before {
					r.Fatalf("everything was evicted, and room was not called")
				}
			}
		})
	}
}

func evictLosesNothingElse(t testing.TB, mk queue.Maker[Message]) {
	const each = 2000
	for _, capacity := range []int{3, 50} {
		inEvictableBubble(t, mk, queue.Config{Cap: capacity, Producers: 3}, func(r *rig, e queue.Evicter[Message]) {
			dropped := make([][]Message, r.Producers)
			for i := range r.Producers {
				p, v := r.join(uint64(i)), &evictee{rig: r, e: e}
				r.wg.Go(func() {
					defer func() { r.checkOrder(dropped[i]) }()
					for left := each; left > 0; {
						k := p.push(min(left, 1+p.rand.IntN(capacity)))
						if left -= k; k > 0 {
							nap(p.rand, 20)
							continue
						}
						if v.evict(1+p.rand.IntN(capacity)) > 0 {
							dropped[i] = append(dropped[i], v.seen...)
							continue
						}
						select { // others are halfway, or the rest is lent
						case <-p.room:
						case <-p.gone:
							return
						}
					}
				})
			}
			done := make(chan struct{})
			go func() { r.wg.Wait(); r.Close(); close(done) }()
			c := r.consumer()
			c.gaps = true
			popped := 0
			for {
				n := len(c.pop(1 + r.rand.IntN(2*capacity)))
				if popped += n; n == 0 && !r.Wait(r.eventually()) {
					break
				}
				nap(r.rand, 3)
			}
			<-done
			for _, d := range dropped {
				popped += len(d)
			}
			if want := r.Producers * each; popped != want && !r.Failed() {
				r.Errorf("%d of %d messages were popped or evicted", popped, want)
			}
		})
	}
}

// checkOrder checks that one who evicts sees the messages of each producer in order, and none twice.
func (r *rig) checkOrder(seen []Message) {
	next := map[uint64]uint64{}
	for _, m := range seen {
		if m.seq < next[m.producer] {
			r.Errorf("message %d of producer %d was evicted behind its successor", m.seq, m.producer)
			return
		}
		next[m.producer] = m.seq + 1
	}
}
