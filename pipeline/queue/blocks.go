package queue

import (
	"sync/atomic"
	"time"
)

// Blocks is one ring that all producers share. A producer claims a block of consecutive slots for each Push, fills it while
// others fill theirs, and marks where it ends; the consumer follows the marks. It keeps the order of pushes, like [Chan],
// and a producer costs it nothing but a few words: it is the queue for many producers, or such as come and go.
//
// A queue has one consumer. Several consumers have a queue each, among which the producers share out their messages, as
// Shard and Spread do.
//
// The consumer is lent the slots themselves: lent messages keep their room, and count in Len, until the next Pop. A producer that
// loses its processor between claim and mark holds up what was pushed behind it until it is back.
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
	ends   []atomic.Uint64 // at the slot of a block's first message: the position behind its last one
	_      pad

	// The consumer's, and under the lock of an evictableBlocks.
	head uint64 // the next message to lend
	seen uint64 // those before are marked
	lent int
	_    pad
}

func (q *blocks[T]) init(cfg Config) {
	q.slots = newSlots[T](cfg.Cap)
	q.ends = make([]atomic.Uint64, len(q.slots.buf))
	q.credit.init(cfg.Cap)
	q.gate.init()
}

func (q *blocks[T]) Pop(dst []*T) []*T {
	if q.lent > 0 {
		q.slots.clear(q.head-uint64(q.lent), q.lent)
		q.credit.release(q.lent)
	}
	q.lent = q.follow(len(dst))
	dst = dst[:q.lent]
	q.slots.lend(q.head, dst)
	q.head += uint64(q.lent)
	return dst
}

// follow goes from mark to mark until it has seen n messages, or until the next block is not marked yet, and returns how many of
// the n there are. A mark of an earlier round needs no erasing: it is the position behind a block that ended before this one
// began.
func (q *blocks[T]) follow(n int) int {
	for q.seen-q.head < uint64(n) {
		end := q.ends[q.slots.index(q.seen)].Load()
		if end <= q.seen {
			break
		}
		q.seen = end
	}
	return int(min(q.seen-q.head, uint64(n)))
}

func (q *blocks[T]) Wait(until time.Time) bool { return q.gate.wait(until, q.pending) }

func (q *blocks[T]) pending() bool { return q.follow(1) > 0 }

func (q *blocks[T]) Close() { q.gate.close() }

func (q *blocks[T]) Len() int { return q.credit.used() }
