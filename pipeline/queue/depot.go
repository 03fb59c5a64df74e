package queue

import "sync/atomic"

// A node is a piece of a queue's memory that travels from its producer to the consumer and home again.
type node[V any] struct {
	v    V
	next *node[V]
	home *depot[V]
}

// A depot is where the nodes of one producer wait for their next journey. Anybody may bring nodes back, but only the
// producer takes them, and takes all at once, so the stack is safe from reuse (ABA) without counters. A producer that is
// dropped takes its depot along: nothing is shared with other producers.
//
// The last ones to come back leave first, while they are in a cache. A depot holds as many nodes as were ever under way at
// once, which the capacity of the queue and what is lent bound.
type depot[V any] struct {
	free *node[V] // the producer's
	_    pad
	back atomic.Pointer[node[V]]
	_    pad
}

func (d *depot[V]) get() *node[V] {
	if d.free == nil && d.back.Load() != nil {
		d.free = d.back.Swap(nil)
	}
	n := d.free
	if n == nil {
		return &node[V]{home: d}
	}
	d.free, n.next = n.next, nil
	return n
}

// put takes back a chain of nodes from first to last, all of them at home here.
func (d *depot[V]) put(first, last *node[V]) {
	for {
		top := d.back.Load()
		last.next = top
		if d.back.CompareAndSwap(top, first) {
			return
		}
	}
}
