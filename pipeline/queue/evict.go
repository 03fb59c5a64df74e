package queue

import "sync"

// copies are what the consumer of an evictable queue of slots is lent.
type copies[T any] struct {
	buf []T
	n   int // how many are lent
}

// renew takes back what was lent, and returns memory for n messages.
func (c *copies[T]) renew(n int) []T {
	clear(c.buf[:c.n])
	c.n = 0
	if len(c.buf) < n {
		c.buf = make([]T, n)
	}
	return c.buf[:n]
}

// lend lends as many of the copies as dst has room for.
func (c *copies[T]) lend(dst []*T) []*T {
	c.n = len(dst)
	point(dst, c.buf[:c.n])
	return dst
}

// evictions are what those who evict from a queue of slots share: one at a time moves messages out and hands them over.
type evictions[T any] struct {
	mu  sync.Mutex
	buf []T
}

func (e *evictions[T]) begin() {
	e.mu.Lock()
	if e.buf == nil {
		e.buf = make([]T, blockLen)
	}
}

func (e *evictions[T]) end() { e.mu.Unlock() }

// evict removes n messages, at least one, unless take finds none.
func (e *evictions[T]) evict(n int, drop func(*T), take func(to []T) int) (done int) {
	n = max(n, 1)
	for done < n {
		part := e.buf[:min(n-done, len(e.buf))]
		part = part[:take(part)]
		if len(part) == 0 {
			break
		}
		for i := range part {
			drop(&part[i])
		}
		clear(part)
		done += len(part)
	}
	return done
}
