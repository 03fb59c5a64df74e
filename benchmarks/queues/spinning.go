//go:build linux

package main

import (
	"runtime"

	workiva "github.com/Workiva/go-datastructures/queue"
	"github.com/puzpuzpuz/xsync/v4"
)

// The queues here have no end and, when they are empty or full, yield for ever: by themselves, or because whoever uses them
// has nothing else to do.

// ringBuffer is the RingBuffer of go-datastructures. It holds pointers: an item that is not one is allocated. Producers of
// one consumer reuse their items, because when one more than fit have been put, the oldest has been done with; with several consumers
// nobody knows.
type ringBuffer[T item] struct {
	ring  *workiva.RingBuffer
	shape shape
	boxes [][]T
	turn  []int // of each producer's boxes
}

func newRingBuffer[T item](s shape, _ int) carrier {
	r := &ringBuffer[T]{ring: workiva.NewRingBuffer(capacity), shape: s, turn: make([]int, s.producers)}
	for range s.producers {
		r.boxes = append(r.boxes, make([]T, capacity+2))
	}
	return r
}

// put stops at an error, of which the only one is that the ring was disposed: nobody does that.
func (r *ringBuffer[T]) put(v *T) {
	if err := r.ring.Put(v); err != nil {
		panic(err)
	}
}

func (r *ringBuffer[T]) produce(i int, from, to uint64, _ int) {
	for n := from; n < to; n++ {
		if r.shape.consumers > 1 {
			v := new(T)
			(*v)[0] = n
			r.put(v)
			continue
		}
		v := &r.boxes[i][r.turn[i]]
		if r.turn[i]++; r.turn[i] == len(r.boxes[i]) {
			r.turn[i] = 0
		}
		(*v)[0] = n
		r.put(v)
	}
}

func (r *ringBuffer[T]) finish() {
	for range r.shape.consumers {
		v := new(T)
		(*v)[0] = last
		r.put(v)
	}
}

func (r *ringBuffer[T]) consume(_, _ int, t *tally) {
	for {
		v, err := r.ring.Get()
		if err != nil {
			panic(err)
		}
		n := (*v.(*T))[0]
		if n == last {
			return
		}
		t.add(n)
	}
}

// trying is what the queues of xsync have in common.
type trying[T item] interface {
	TryEnqueue(T) bool
	TryDequeue() (T, bool)
}

// xsyncQueue is one of them. Q is its type, so that calls are not made through an interface.
type xsyncQueue[T item, Q trying[T]] struct {
	queue Q
	shape shape
}

func newSPSC[T item](s shape, _ int) carrier {
	return xsyncQueue[T, *xsync.SPSCQueue[T]]{xsync.NewSPSCQueue[T](capacity), s}
}

func newMPMC[T item](s shape, _ int) carrier {
	return xsyncQueue[T, *xsync.MPMCQueue[T]]{xsync.NewMPMCQueue[T](capacity), s}
}

func (x xsyncQueue[T, Q]) send(n uint64) {
	var v T
	v[0] = n
	for !x.queue.TryEnqueue(v) {
		runtime.Gosched()
	}
}

func (x xsyncQueue[T, Q]) produce(_ int, from, to uint64, _ int) {
	for n := from; n < to; n++ {
		x.send(n)
	}
}

func (x xsyncQueue[T, Q]) finish() {
	for range x.shape.consumers {
		x.send(last)
	}
}

func (x xsyncQueue[T, Q]) consume(_, _ int, t *tally) {
	for {
		v, ok := x.queue.TryDequeue()
		switch {
		case !ok:
			runtime.Gosched()
		case v[0] == last:
			return
		default:
			t.add(v[0])
		}
	}
}
