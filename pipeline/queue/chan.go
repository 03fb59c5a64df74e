package queue

import (
	"sync/atomic"
	"time"
)

// Chan is a Go channel of blocks of up to 64 messages. It serves any number of producers, which may come and go, and is
// the queue to start with.
//
// A producer adds to its latest block for as long as that is the last in the channel, so a consumer that is behind finds full
// blocks even if one producer pushes messages one at a time, and the channel is used once per block. The room of a message is free
// as soon as it is popped: at most Cap messages wait, and those that are lent come on top. Blocks return to the producer
// that made them, and nothing is allocated once as many have been made as are ever under way at once.
//
// Only a queue made with [DropOldest] is an [Evicter]: its Pop pays for a lock, about 5 ns a call.
func Chan[T any](cfg Config) (Queue[T], error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Full == DropOldest {
		q := &evictableChan[T]{}
		q.init(cfg)
		return q, nil
	}
	q := &chanQueue[T]{}
	q.init(cfg)
	return q, nil
}

type chanQueue[T any] struct {
	credit credit
	gate   gate
	blocks chan *node[block[T]] // a send never blocks: each block in it holds at least one message that credit counts
	_      pad
	sends  atomic.Uint64 // sends to blocks that have begun, and those that have ended
	_      pad

	// The consumer's, and under the lock of an evictableChan.
	cur  *node[block[T]] // the block that the next message comes from, if one has been received
	at   int32           // the next message of cur
	lent []run[T]        // what the latest Pop lent
	_    pad
}

func (q *chanQueue[T]) init(cfg Config) {
	q.blocks = make(chan *node[block[T]], cfg.Cap)
	q.credit.init(cfg.Cap)
	q.gate.init()
}

func (q *chanQueue[T]) Pop(dst []*T) []*T {
	n := q.pop(dst)
	if n > 0 {
		q.credit.release(n)
	}
	return dst[:n]
}

func (q *chanQueue[T]) Wait(until time.Time) bool { return q.gate.wait(until, q.fetch) }

func (q *chanQueue[T]) Close() { q.gate.close() }

func (q *chanQueue[T]) Len() int { return q.credit.used() }

// fetch says whether there is a message, and has received its block when there is. The receive must not be replaced by a
// look at the length of the channel, which is not ordered behind the announcement of the gate.
func (q *chanQueue[T]) fetch() bool {
	if q.cur != nil {
		return true
	}
	select {
	case b := <-q.blocks:
		b.v.take()
		q.cur, q.at = b, 0
		return true
	default:
		return false
	}
}

// take takes at most n messages of one block, the oldest.
func (q *chanQueue[T]) take(n int) (r run[T], items []T) {
	if !q.fetch() {
		return run[T]{}, nil
	}
	b := q.cur
	lo, hi := q.at, b.v.n
	if int(hi-lo) > n {
		hi = lo + int32(n)
		q.at = hi
		if lo == 0 {
			b.v.left.Store(b.v.n)
		}
	} else {
		q.cur = nil
	}
	return run[T]{b, hi - lo}, b.v.items[lo:hi]
}

// pop leaves the room of what it lends to its caller to free.
func (q *chanQueue[T]) pop(dst []*T) (n int) {
	q.giveBack()
	for n < len(dst) {
		r, items := q.take(len(dst) - n)
		if r.b == nil {
			break
		}
		to := dst[n:][:len(items)]
		for i := range items {
			to[i] = &items[i]
		}
		n += len(items)
		if last := len(q.lent) - 1; last >= 0 && q.lent[last].b == r.b {
			q.lent[last].k += r.k
		} else {
			q.lent = append(q.lent, r)
		}
	}
	return n
}

// giveBack keeps what it has of cur until the rest of that block is popped: giving a block back whole costs no atomics.
func (q *chanQueue[T]) giveBack() {
	kept := 0
	for _, r := range q.lent {
		if r.b == q.cur {
			q.lent[0] = r
			kept = 1
			continue
		}
		r.giveBack()
	}
	q.lent = q.lent[:kept]
}
