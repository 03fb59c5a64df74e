//go:build linux

package main

import (
	"runtime"

	disruptor "github.com/smarty/go-disruptor"
)

// yielding waits as the other queues that spin do. go-disruptor's own way is to sleep, for a time that is far below what the
// kernel's timers can do; with four writers that took 350 µs an item on two cores.
type yielding struct{}

func (yielding) Gate(int64)    { runtime.Gosched() }
func (yielding) Idle(int64)    { runtime.Gosched() }
func (yielding) Reserve(int64) { runtime.Gosched() }

// ring is a ring of items whose slots go-disruptor hands out.
type ring[T item] struct {
	disruptor.Disruptor
	slots [capacity]T
	tally *tally
}

func newDisruptor[T item](s shape, _ int) carrier {
	r, o := new(ring[T]), disruptor.Options
	return r.with(disruptor.New(o.BufferCapacity(capacity), o.WriterCount(uint8(s.producers)), o.WaitStrategy(yielding{}), o.NewHandlerGroup(r)))
}

// newSleepingDisruptor is for one writer.
func newSleepingDisruptor[T item](shape, int) carrier {
	r, o := new(ring[T]), disruptor.Options
	return r.with(disruptor.New(o.BufferCapacity(capacity), o.NewHandlerGroup(r)))
}

func (r *ring[T]) with(d disruptor.Disruptor, err error) carrier {
	if err != nil {
		panic(err) // the settings are constant
	}
	r.Disruptor = d
	return r
}

func (r *ring[T]) produce(_ int, from, to uint64, batch int) {
	for from < to {
		n := min(uint64(batch), to-from)
		upper := r.Reserve(uint32(n))
		lower := upper - int64(n) + 1
		for at := lower; at <= upper; at++ {
			r.slots[at&(capacity-1)][0] = from
			from++
		}
		r.Commit(lower, upper)
	}
}

func (r *ring[T]) finish() {
	if err := r.Close(); err != nil {
		panic(err)
	}
}

func (r *ring[T]) consume(_, _ int, t *tally) {
	r.tally = t
	r.Listen()
}

// Handle implements disruptor.Handler.
func (r *ring[T]) Handle(lower, upper int64) {
	for at := lower; at <= upper; at++ {
		r.tally.add(r.slots[at&(capacity-1)][0])
	}
}
