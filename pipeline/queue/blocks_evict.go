package queue

import "sync"

// An evictableBlocks lets producers take messages out as the consumer does. Both copy what they take, because a ring can free
// its slots only in their order: what is evicted behind lent messages would make no room.
type evictableBlocks[T any] struct {
	blocks[T]
	mu        sync.Mutex // guards what takers share
	copies    copies[T]  // the consumer's
	evictions evictions[T]
}

func (q *evictableBlocks[T]) Pop(dst []*T) []*T {
	return q.copies.lend(dst[:q.take(q.copies.renew(len(dst)))])
}

// take moves the oldest messages out, at most len(to).
func (q *evictableBlocks[T]) take(to []T) int {
	q.mu.Lock()
	head, n := q.ready(len(to))
	q.slots.move(to[:n], head)
	q.head.Store(head + uint64(n))
	q.mu.Unlock()
	if n > 0 {
		q.credit.release(n)
	}
	return n
}

// Evict removes exactly n messages, or all.
func (q *evictableBlocks[T]) Evict(n int, drop func(*T)) int {
	q.evictions.begin()
	defer q.evictions.end()
	return q.evictions.evict(n, drop, q.take)
}
