package queuetest

import (
	"testing"

	"github.com/leat-io/leat/pipeline/queue"
)

func pushTakesAPrefixAndNeverWaits(t testing.TB, mk queue.Maker[Message]) {
	inBubble(t, mk, queue.Config{Cap: 10}, func(r *rig) {
		p, c := r.join(0), r.consumer()
		for _, step := range []struct{ push, want int }{{0, 0}, {4, 4}, {9, 6}, {1, 0}, {0, 0}} {
			if k := p.push(step.push); k != step.want {
				r.Errorf("Push of %d messages took %d where %d had room", step.push, k, step.want)
			}
		}
		if n := c.drain(); n != 10 {
			r.Errorf("popped %d of 10", n)
		}
	})
}

func holdsExactlyItsCapacity(t testing.TB, mk queue.Maker[Message]) {
	for _, capacity := range []int{1, 2, 3, 31, 33, 1024} {
		inBubble(t, mk, queue.Config{Cap: capacity}, func(r *rig) {
			p, c := r.join(0), r.consumer()
			if n := p.fill(); n != capacity {
				r.Errorf("a queue for %d messages took %d", capacity, n)
			}
			for range 100 {
				n := len(c.pop(1 + r.rand.IntN(capacity)))
				if n == 0 {
					r.Fatalf("nothing to pop from a full queue")
				}
				c.giveBack()
				if k := p.fill(); k != n {
					r.Errorf("a full queue for %d messages that lent %d and got them back took %d", capacity, n, k)
				}
			}
			if n := c.drain(); n != capacity {
				r.Errorf("popped %d from a full queue for %d", n, capacity)
			}
		})
	}
}

// capacityIsForAllProducersTogether, and in a [queue.Laned] queue for each of them.
func capacityIsForAllProducersTogether(t testing.TB, mk queue.Maker[Message]) {
	inBubble(t, mk, queue.Config{Cap: 1000, Producers: 4}, func(r *rig) {
		n := 0
		for i := range r.Producers {
			n += r.join(uint64(i)).fill()
		}
		if want := r.capacity(r.Producers); n != want || r.Len() != want {
			r.Errorf("a queue for %d messages took %d from %d producers, and Len says %d", want, n, r.Producers, r.Len())
		}
		if got := r.consumer().drain(); got != n {
			r.Errorf("popped %d of %d", got, n)
		}
	})
}

func lenStaysWithinItsBounds(t testing.TB, mk queue.Maker[Message]) {
	inBubble(t, mk, queue.Config{Cap: 100}, func(r *rig) {
		p, c := r.join(0), r.consumer()
		for _, want := range []int{0, 1, 40, 100} {
			p.push(want - r.Len())
			if n := r.Len(); n != want {
				r.Errorf("%d messages are queued, Len says %d", want, n)
			}
		}
		c.pop(30)
		c.giveBack()
		if n := r.Len(); n != 70 {
			r.Errorf("30 of 100 messages were popped, Len says %d", n)
		}
		c.drain()
		if n := r.Len(); n != 0 {
			r.Errorf("everything was popped, Len says %d", n)
		}
	})
	for _, capacity := range []int{4, 64} {
		inBubble(t, mk, queue.Config{Cap: capacity, Producers: 4}, func(r *rig) {
			bounded := &lenWatcher{Queue: r.Queue, t: r, cap: r.capacity(r.Producers)}
			r.Queue = bounded
			r.carry(1000, r.consumer())
		})
	}
}

// A lenWatcher asks for the length around every operation, on the goroutine of whoever does it: a goroutine that asks all
// the time would keep the bubble from coming to rest.
type lenWatcher struct {
	queue.Queue[Message]
	t   testing.TB
	cap int
}

func (w *lenWatcher) look() {
	if n := w.Len(); n < 0 || n > w.cap {
		w.t.Errorf("Len says %d, the capacity is %d", n, w.cap)
	}
}

func (w *lenWatcher) Pop(dst []*Message) []*Message {
	w.look()
	defer w.look()
	return w.Queue.Pop(dst)
}

func (w *lenWatcher) Join(room func()) queue.Producer[Message] {
	return &lenWatchingProducer{w.Queue.Join(room), w}
}

type lenWatchingProducer struct {
	queue.Producer[Message]
	w *lenWatcher
}

func (p *lenWatchingProducer) Push(src []*Message) int {
	p.w.look()
	defer p.w.look()
	return p.Producer.Push(src)
}

func refusesAnImpossibleConfig(t testing.TB, mk queue.Maker[Message]) {
	good := queue.NewConfig()
	for name, spoil := range map[string]func(*queue.Config){
		"a capacity of 0":         func(c *queue.Config) { c.Cap = 0 },
		"a negative capacity":     func(c *queue.Config) { c.Cap = -1 },
		"batches of 0":            func(c *queue.Config) { c.Batch = 0 },
		"a policy without a name": func(c *queue.Config) { c.Full = queue.DropOldest + 1 },
	} {
		cfg := good
		spoil(&cfg)
		if q, err := mk(cfg); err == nil || q != nil {
			t.Errorf("%s: got (%v, %v), not an error alone", name, q, err)
		}
	}
	if _, err := mk(good); err != nil {
		t.Errorf("the default: %v", err)
	}
}
