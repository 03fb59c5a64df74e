package pipeline

import (
	"sync/atomic"

	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/stage"
)

// An outlet is the way from one lane into one queue.
type outlet[T any] struct {
	ln       *lane
	note     string
	full     queue.WhenFull
	counts   *stage.Counts
	dropped  uint64        // of the lane, like counts: messages that had no room here
	lost     *atomic.Int64 // of the crossing
	queue    queue.Queue[T]
	producer queue.Producer[T]
	room     chan struct{}
	bin      []*T
	backlog  []*stage.Kept[T] // what the queue has not taken, in order, of a lane that must not wait
}

// roomy is called by the queue when it has room again.
func (o *outlet[T]) roomy() {
	o.ln.stage.Awaken()
	select {
	case o.room <- struct{}{}:
	default:
	}
}

func (o *outlet[T]) put(b []*T) {
	if len(o.backlog) > 0 {
		o.keep(b)
		return
	}
	stage.Lend(o.ln.stage, o.note, b)
	rest := b[o.push(b):]
	switch {
	case len(rest) == 0:
	case o.full == queue.DropNewest:
		o.refuse(rest)
	case o.full == queue.DropOldest:
		o.displace(rest)
	case !o.ln.mayWait():
		stage.Unlend(o.ln.stage, o.note, rest)
		o.keep(rest)
	default:
		o.wait(rest)
	}
}

// push gives the queue what it takes of b, which is lent.
func (o *outlet[T]) push(b []*T) int {
	n := o.producer.Push(b)
	stage.Sent(o.ln.stage, b[:n])
	return n
}

// refuse drops messages, which are taken back with the batch.
func (o *outlet[T]) refuse(b []*T) {
	stage.Unlend(o.ln.stage, o.note, b)
	o.drop(len(b))
}

// drop counts messages that are given up.
func (o *outlet[T]) drop(n int) {
	o.counts.Dropped += uint64(n)
	o.dropped += uint64(n)
}

// displace makes room for b by giving up what has waited longest.
func (o *outlet[T]) displace(b []*T) {
	ev := o.queue.(queue.Evicter[T])
	discard := func(m *T) { stage.Discard(o.ln.stage, o.note, m) }
	for len(b) > 0 {
		n := ev.Evict(len(b), discard)
		o.drop(n)
		k := o.push(b)
		if b = b[k:]; n == 0 && k == 0 { // nothing queued and no room: another lane has taken it
			o.refuse(b)
			return
		}
	}
}

// wait blocks the lane until the queue has taken b, or until the drain time is over.
func (o *outlet[T]) wait(b []*T) {
	o.ln.stage.Uncork()
	for {
		select {
		case <-o.room:
		case <-o.ln.p.forced:
			o.refuse(b)
			o.lost.Add(int64(len(b)))
			return
		}
		if b = b[o.push(b):]; len(b) == 0 {
			return
		}
	}
}

// keep holds messages in the lane until the queue takes them.
func (o *outlet[T]) keep(b []*T) {
	for _, m := range b {
		o.await(stage.Retain(o.ln.stage, m))
	}
}

// await puts a message behind those that wait for room.
func (o *outlet[T]) await(k *stage.Kept[T]) {
	if len(o.backlog) == 0 {
		o.ln.stage.Stall()
	}
	o.backlog = append(o.backlog, k)
}

func (o *outlet[T]) retry() {
	if len(o.backlog) == 0 {
		return
	}
	l := o.ln.stage
	l.Enter(o.counts)
	if o.ln.p.isForce.Load() {
		o.drop(len(o.backlog))
		o.lost.Add(int64(len(o.backlog)))
		for _, k := range o.backlog {
			k.Take(l)
		}
		o.backlog = nil
		o.ln.stage.Unstall()
		return
	}
	for len(o.backlog) > 0 {
		k := o.backlog[0]
		if o.bin = append(o.bin[:0], k.Peek()); o.producer.Push(o.bin) == 0 {
			return
		}
		k.Pass(o.note)
		o.backlog[0] = nil
		o.backlog = o.backlog[1:]
	}
	o.backlog = nil
	o.ln.stage.Unstall()
}
