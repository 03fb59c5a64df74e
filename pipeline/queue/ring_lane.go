package queue

import "sync/atomic"

// A ring has one producer and one consumer. Each side remembers what it last saw of the other's counter, and reads the other's
// line only when that is not enough.
type ring[T any] struct {
	slots slots[T]
	cap   uint64
	gate  *gate
	room  func()
	_     pad

	// The producer's.
	tail  atomic.Uint64 // messages that were ever pushed
	freed uint64        // what head was when the producer last looked
	_     pad

	// The consumer's.
	head atomic.Uint64 // messages whose room was ever freed
	next atomic.Uint64 // messages that were ever lent; those from head to next are lent now
	seen uint64        // what tail was when the consumer last looked
	_    pad

	short atomic.Bool // a Push came up short, and room has not been called since
	_     pad
}

// Push announces that it is short and then looks again, while the consumer frees and then looks for the announcement, so
// one of the two sees the other.
func (r *ring[T]) Push(src []*T) int {
	n := r.put(src)
	if n == len(src) || r.room == nil {
		return n
	}
	r.short.Store(true)
	return n + r.put(src[n:])
}

// put takes what there is room for. Publishing with a swap is an atomic store that also tells what it replaced: whoever
// finds the work of somebody else there has written to the same slots. (On x86 both are one instruction.)
func (r *ring[T]) put(src []*T) int {
	tail := r.tail.Load()
	free := r.cap - (tail - r.freed)
	if free < uint64(len(src)) {
		r.freed = r.head.Load()
		free = r.cap - (tail - r.freed)
	}
	n := min(uint64(len(src)), free)
	if n == 0 {
		return 0
	}
	r.slots.put(tail, src[:n])
	if r.tail.Swap(tail+n) != tail {
		panic("queue: two goroutines push into one producer of a Ring at the same time; each lane has to Join for itself")
	}
	r.gate.wake()
	return int(n)
}

// lend lends what there is, at most len(dst).
func (r *ring[T]) lend(dst []*T) int {
	next := r.next.Load()
	if r.seen-next < uint64(len(dst)) {
		r.seen = r.tail.Load()
	}
	n := min(r.seen-next, uint64(len(dst)))
	if n > 0 {
		r.slots.lend(next, dst[:n])
		r.next.Store(next + n)
	}
	return int(n)
}

func (r *ring[T]) giveBack() {
	head, next := r.head.Load(), r.next.Load()
	r.slots.clear(head, int(next-head))
	r.head.Store(next)
	r.tell(next)
}

// tell is called after the room of the messages before head has become free. It calls room when half the capacity is free,
// as credit does and for the same reasons.
func (r *ring[T]) tell(head uint64) {
	if r.short.Load() && r.tail.Load()-head <= r.cap/2 && r.short.CompareAndSwap(true, false) {
		r.room()
	}
}

// Len reads the two counters one after the other, hence the bound.
func (r *ring[T]) Len() int {
	next := r.next.Load()
	return int(min(r.tail.Load()-next, r.cap))
}
