package queue

import (
	"sync"
	"time"
)

// An evictableChan lets producers take messages out as the consumer does. The lock guards what takers share: the block
// that the next message comes from. Neither drop nor room is called under it.
type evictableChan[T any] struct {
	chanQueue[T]
	mu sync.Mutex
}

func (q *evictableChan[T]) Pop(dst []*T) []*T {
	q.mu.Lock()
	n := q.pop(dst)
	q.mu.Unlock()
	if n > 0 {
		q.credit.release(n)
	}
	return dst[:n]
}

func (q *evictableChan[T]) Wait(until time.Time) bool { return q.gate.wait(until, q.fetch) }

func (q *evictableChan[T]) fetch() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.chanQueue.fetch()
}

// Evict removes exactly n messages, or all.
func (q *evictableChan[T]) Evict(n int, drop func(*T)) int {
	n = max(n, 1)
	done := 0
	for done < n {
		q.mu.Lock()
		r, items := q.take(n - done)
		q.mu.Unlock()
		if r.b == nil {
			break
		}
		for i := range items {
			drop(&items[i])
		}
		done += len(items)
		r.giveBack()
	}
	if done > 0 {
		q.credit.release(done)
	}
	return done
}
