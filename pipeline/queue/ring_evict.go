package queue

import "sync"

// An evictableRing lets producers take messages out as the consumer does. Both copy what they take, because a ring can free
// its slots only in their order: what is evicted behind lent messages would make no room.
type evictableRing[T any] struct {
	ringQueue[T]
	mu        sync.Mutex // guards head and next of every ring, which are equal here
	copies    copies[T]  // the consumer's
	evictions evictions[T]
	first     int // index of the ring that the next Evict looks at first, in its turn
}

func (q *evictableRing[T]) Pop(dst []*T) []*T {
	to := q.copies.renew(len(dst))
	n := 0
	rings := *q.rings.Load()
	for range rings {
		if n == len(dst) {
			break
		}
		n += q.take(q.turn(rings), to[n:])
	}
	return q.copies.lend(dst[:n])
}

// take moves the oldest messages of one ring out, at most len(to).
func (q *evictableRing[T]) take(r *ring[T], to []T) int {
	q.mu.Lock()
	next := r.next.Load()
	n := min(r.tail.Load()-next, uint64(len(to)))
	if n > 0 {
		r.slots.move(to[:n], next)
		r.next.Store(next + n)
		r.head.Store(next + n)
	}
	q.mu.Unlock()
	if n > 0 {
		r.tell(next + n)
	}
	return int(n)
}

// Evict removes exactly n messages of the fullest ring, or all of them. A producer that has no room has a full ring; when
// others are full too, its turn comes when it tries again, and what they gave up is room for them.
func (q *evictableRing[T]) Evict(n int, drop func(*T)) int {
	q.evictions.begin()
	defer q.evictions.end()
	for {
		r := q.fullest()
		if r == nil {
			return 0
		}
		if k := q.evictions.evict(n, drop, func(to []T) int { return q.take(r, to) }); k > 0 {
			return k
		}
	}
}

// fullest returns the ring with most messages, nil when all are empty.
func (q *evictableRing[T]) fullest() (r *ring[T]) {
	rings := *q.rings.Load()
	most := 0
	for i := range rings {
		x := rings[(q.first+i)%len(rings)]
		if n := x.Len(); n > most {
			r, most = x, n
		}
	}
	q.first++
	return r
}
