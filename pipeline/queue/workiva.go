package queue

import (
	"sync/atomic"
	"time"

	workiva "github.com/Workiva/go-datastructures/queue"
)

// Workiva is the RingBuffer of github.com/Workiva/go-datastructures, a lock-free ring for many producers and many consumers
// after D. Vyukov. It is here to be compared with: it moves one message per operation where the other queues move batches.
//
// The ring holds pointers to recycled copies of the messages. Left alone, its Get yields for ever instead of sleeping, its
// Offer may refuse although there is room, a capacity of 1 loses messages and Dispose loses what is queued. So the adapter
// counts what is in the ring, never asks it for what it does not hold or to take what it has no slot for, and sleeps by
// itself. An operation can then wait only for another goroutine that is halfway through its own, between two instructions;
// that is short unless the machine is so busy that the other one has lost its processor there.
//
// The room of a message is free as soon as it is popped: at most Cap messages wait, and those that are lent come on top.
// The queue is always an [Evicter].
func Workiva[T any](cfg Config) (Queue[T], error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	q := &workivaQueue[T]{ring: workiva.NewRingBuffer(uint64(max(cfg.Cap, 2)))}
	q.credit.init(cfg.Cap)
	q.gate.init()
	return q, nil
}

type workivaQueue[T any] struct {
	credit credit
	gate   gate
	ring   *workiva.RingBuffer // of *node[T]
	_      pad
	put    atomic.Int64 // messages that were put into the ring
	_      pad
	got    atomic.Int64 // messages that takers have claimed; each of them is in the ring until its taker gets it
	lent   []*node[T]   // the consumer's: what the latest Pop lent
	_      pad
}

func (q *workivaQueue[T]) Pop(dst []*T) []*T {
	giveBack(q.lent)
	q.lent = q.lent[:0]
	n := q.claim(len(dst))
	for i := range dst[:n] {
		box := q.get()
		dst[i] = &box.v
		q.lent = append(q.lent, box)
	}
	if n > 0 {
		q.credit.release(n)
	}
	return dst[:n]
}

func (q *workivaQueue[T]) Wait(until time.Time) bool { return q.gate.wait(until, q.pending) }

func (q *workivaQueue[T]) Close() { q.gate.close() }

func (q *workivaQueue[T]) Len() int { return q.credit.used() }

// Evict removes exactly n messages, or all.
func (q *workivaQueue[T]) Evict(n int, drop func(*T)) int {
	n = q.claim(max(n, 1))
	for range n {
		box := q.get()
		drop(&box.v)
		clearBox(box)
		box.home.put(box, box)
	}
	if n > 0 {
		q.credit.release(n)
	}
	return n
}

func (q *workivaQueue[T]) pending() bool { return q.put.Load() != q.got.Load() }

// claim reserves for the caller at most n of the messages that are in the ring.
func (q *workivaQueue[T]) claim(n int) int {
	for {
		got := q.got.Load()
		k := min(int64(n), q.put.Load()-got)
		if k <= 0 {
			return 0
		}
		if q.got.CompareAndSwap(got, got+k) {
			return int(k)
		}
	}
}

// get returns the oldest message, which the caller has claimed. The only error of the ring is that it was disposed, which
// it never is.
func (q *workivaQueue[T]) get() *node[T] {
	box, _ := q.ring.Get()
	return box.(*node[T])
}

// giveBack sends boxes home, those with one home together. They are cleared, so that an idle queue keeps nothing alive.
func giveBack[T any](boxes []*node[T]) {
	for i := 0; i < len(boxes); {
		first := boxes[i]
		last := first
		clearBox(first)
		for i++; i < len(boxes) && boxes[i].home == first.home; i++ {
			clearBox(boxes[i])
			last.next = boxes[i]
			last = boxes[i]
		}
		first.home.put(first, last)
	}
}

func clearBox[T any](box *node[T]) {
	var zero T
	box.v = zero
}

type workivaProducer[T any] struct {
	q *workivaQueue[T]
	claimant
	depot[T]
}

func (q *workivaQueue[T]) Join(room func()) Producer[T] {
	p := &workivaProducer[T]{q: q}
	q.credit.join(&p.claimant, room)
	return p
}

func (p *workivaProducer[T]) Push(src []*T) int {
	n := p.q.credit.claim(&p.claimant, len(src))
	if n == 0 {
		return 0
	}
	for _, m := range src[:n] {
		box := p.get()
		box.v = *m
		// A refusal means that another producer was faster, since room was claimed; Put tries until it is this one's turn.
		if ok, _ := p.q.ring.Offer(box); !ok {
			_ = p.q.ring.Put(box)
		}
	}
	p.q.put.Add(int64(n))
	p.q.gate.wake()
	return n
}
