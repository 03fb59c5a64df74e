package queue

import "sync/atomic"

type blocksProducer[T any] struct {
	q *blocks[T]
	claimant
}

func (q *blocks[T]) Join(room func()) Producer[T] {
	p := &blocksProducer[T]{q: q}
	q.credit.join(&p.claimant, room)
	return p
}

func (p *blocksProducer[T]) Push(src []*T) int {
	n := p.put(src)
	if n < len(src) && p.q.credit.announce(&p.claimant) {
		n += p.put(src[n:])
	}
	return n
}

func (p *blocksProducer[T]) put(src []*T) int {
	q := p.q
	at, n := q.credit.take(&p.claimant, len(src))
	if n == 0 {
		return 0
	}
	q.slots.put(at, src[:n])
	q.publish(at, at+uint64(n))
	q.gate.wake()
	return n
}

// publish says that a block is filled, and all behind it that wait for that. A block waits by a mark: its producer leaves
// the mark and looks whether the block before is filled by now, while the producer of that one says so and looks for the
// mark, so one of the two sees the other. A mark of an earlier round needs no erasing, because what it says is not behind
// the slot's position in this round.
func (q *blocks[T]) publish(at, end uint64) {
	if !q.filled.CompareAndSwap(at, end) {
		q.mark(at).Store(end)
		if !q.filled.CompareAndSwap(at, end) {
			return
		}
	}
	for {
		at, end = end, q.mark(end).Load()
		if end <= at || !q.filled.CompareAndSwap(at, end) {
			return
		}
	}
}

func (q *blocks[T]) mark(at uint64) *atomic.Uint64 { return &q.marks[q.slots.index(at)] }
