package queue

import (
	"sync/atomic"
	"time"
)

// Blocks is one ring that all producers share. A producer claims a block of consecutive slots for each Push and fills it
// while others fill theirs; the consumer sees the blocks in the order in which they were claimed. It keeps the order of
// pushes, like [Chan], and a producer costs it nothing but a few words: it is the queue for many producers, or such as
// come and go.
//
// A queue has one consumer. Several consumers have a queue each, among which the producers share out their messages, as
// Shard and Spread do.
//
// The consumer is lent the slots themselves: lent messages keep their room until the next Pop. A producer that loses its
// processor halfway through a Push holds up what was pushed behind it until it is back.
//
// Only a queue made with [DropOldest] is an [Evicter]. Its Pop copies the messages once more, under a lock, so that the
// room of what is popped or evicted is free at once, whatever is lent.
func Blocks[T any](cfg Config) (Queue[T], error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Full == DropOldest {
		q := &evictableBlocks[T]{}
		q.init(cfg)
		return q, nil
	}
	q := &blocks[T]{}
	q.init(cfg)
	return q, nil
}

type blocks[T any] struct {
	credit credit // its counters are positions: those below out are free, those below in are claimed
	gate   gate
	slots  slots[T]
	marks  []atomic.Uint64 // at the slot of a block's first message: where a block ends that waits for the one before it
	_      pad
	filled atomic.Uint64 // those below can be popped
	_      pad

	// The consumer's, and under the lock of an evictableBlocks.
	head atomic.Uint64 // messages that were ever lent
	seen uint64        // what filled was when the consumer last looked
	lent int
	_    pad
}

func (q *blocks[T]) init(cfg Config) {
	q.slots = newSlots[T](cfg.Cap)
	q.marks = make([]atomic.Uint64, len(q.slots.buf))
	q.credit.init(cfg.Cap)
	q.gate.init()
}

func (q *blocks[T]) Pop(dst []*T) []*T {
	if q.lent > 0 {
		q.slots.clear(q.head.Load()-uint64(q.lent), q.lent)
		q.credit.release(q.lent)
	}
	head, n := q.ready(len(dst))
	q.lent = n
	if n > 0 {
		q.slots.lend(head, dst[:n])
		q.head.Store(head + uint64(n))
	}
	return dst[:n]
}

// ready says where the next message is and how many of n messages there are.
func (q *blocks[T]) ready(n int) (head uint64, k int) {
	head = q.head.Load()
	if q.seen-head < uint64(n) {
		q.seen = q.filled.Load()
	}
	return head, int(min(q.seen-head, uint64(n)))
}

func (q *blocks[T]) Wait(until time.Time) bool { return q.gate.wait(until, q.pending) }

func (q *blocks[T]) pending() bool { return q.head.Load() != q.filled.Load() }

func (q *blocks[T]) Close() { q.gate.close() }

// Len reads the two counters one after the other, hence the bound.
func (q *blocks[T]) Len() int {
	head := q.head.Load()
	return int(min(q.filled.Load()-head, uint64(q.credit.cap)))
}
