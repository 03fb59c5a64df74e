package queue

import (
	"sync"
	"sync/atomic"
	"time"
)

// Ring has one ring for each producer, which nobody else writes to, and one consumer that goes around them. It is the
// fastest queue between lanes that last, and it is [Laned]: it keeps the order of each producer and none between them.
//
// Cap holds for each producer by itself, so the queue may hold that many messages times the producers, and each Join
// allocates as many slots, rounded up to a power of two. The consumer is lent the slots themselves: lent messages keep
// their room until the next Pop. A Pop begins behind the ring at which the last one ended, so that between two turns of a
// producer every other one gets at most one batch.
//
// A Push that meets another one by the same producer panics. That is found when the second of them publishes, and costs
// nothing.
//
// Only a queue made with [DropOldest] is an [Evicter], which gives up messages of the producer that has most of them queued.
// Its Pop copies the messages once more, under a lock, so that the room of what is popped or evicted is free at once,
// whatever is lent.
func Ring[T any](cfg Config) (Queue[T], error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Full == DropOldest {
		q := &evictableRing[T]{}
		q.init(cfg)
		return q, nil
	}
	q := &ringQueue[T]{}
	q.init(cfg)
	return q, nil
}

type ringQueue[T any] struct {
	gate  gate
	cap   int
	mu    sync.Mutex // serializes Join
	rings atomic.Pointer[[]*ring[T]]
	_     pad

	// The consumer's.
	next int        // index of the ring that the next Pop begins with
	lent []*ring[T] // those of which the latest Pop lent something
	_    pad
}

func (q *ringQueue[T]) init(cfg Config) {
	q.cap = cfg.Cap
	q.rings.Store(new([]*ring[T]))
	q.gate.init()
}

func (q *ringQueue[T]) Join(room func()) Producer[T] {
	r := &ring[T]{slots: newSlots[T](q.cap), cap: uint64(q.cap), gate: &q.gate, room: room}
	q.mu.Lock()
	defer q.mu.Unlock()
	rings := append(append([]*ring[T](nil), *q.rings.Load()...), r)
	q.rings.Store(&rings)
	return r
}

func (q *ringQueue[T]) Pop(dst []*T) []*T {
	for _, r := range q.lent {
		r.giveBack()
	}
	q.lent = q.lent[:0]
	n := 0
	rings := *q.rings.Load()
	for range rings {
		if n == len(dst) {
			break
		}
		r := q.turn(rings)
		if k := r.lend(dst[n:]); k > 0 {
			q.lent = append(q.lent, r)
			n += k
		}
	}
	return dst[:n]
}

// turn says whose turn it is, and goes on to the next.
func (q *ringQueue[T]) turn(rings []*ring[T]) *ring[T] {
	if q.next >= len(rings) {
		q.next = 0
	}
	r := rings[q.next]
	q.next++
	return r
}

func (q *ringQueue[T]) Wait(until time.Time) bool { return q.gate.wait(until, q.pending) }

func (q *ringQueue[T]) pending() bool {
	for _, r := range *q.rings.Load() {
		if r.next.Load() != r.tail.Load() {
			return true
		}
	}
	return false
}

func (q *ringQueue[T]) Close() { q.gate.close() }

func (q *ringQueue[T]) Len() (n int) {
	for _, r := range *q.rings.Load() {
		n += r.Len()
	}
	return n
}

// Laned says that there is no order between producers.
func (q *ringQueue[T]) Laned() {}
