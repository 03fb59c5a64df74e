package pipeline

import (
	"time"

	"github.com/leat-io/leat/stage"
)

// An Inlet is the top of one lane: what a source or a queue pushes into. It belongs to one goroutine at a time, which calls
// Work on the Lane before it pushes and Rest before it waits.
type Inlet[T any] struct {
	Lane *stage.Lane

	ln     *lane
	next   stage.Sink[T]
	counts *stage.Counts
}

func (f *Flow[T]) inlet(ln *lane) *Inlet[T] {
	c := ln.stage.Making(f.n.id, f.n.name)
	in := &Inlet[T]{Lane: ln.stage, ln: ln, counts: c}
	in.next = f.sink(ln)
	ln.made()
	return in
}

// Push runs one batch through the lane and takes its messages back. The lane owns b for the length of the call.
func (in *Inlet[T]) Push(b []*T) {
	in.counts.Out += uint64(len(b))
	in.counts.Batches++
	ln := in.ln
	if ln.countdown--; ln.countdown < 0 {
		in.timed(b)
	} else {
		in.run(b)
	}
	ln.stage.End()
	if ln.tickers != nil {
		ln.tick(time.Now())
	}
}

func (in *Inlet[T]) run(b []*T) {
	defer func() {
		if r := recover(); r != nil {
			in.ln.panicked(r)
		}
	}()
	in.next.Push(b)
}

// To time one node costs two readings of the clock, about 50 ns. The next batch is timed when that is less than a
// hundredth of what has passed since.
const (
	timingCost = 50
	timingRate = 100
	timingRare = 1023 // batches between two that are timed, at most
)

func (in *Inlet[T]) timed(b []*T) {
	ln := in.ln
	t := time.Now()
	ln.sampling = true
	in.run(b)
	ln.sampling = false
	took := max(int(time.Since(t)), 1)
	ln.countdown = min(timingCost*timingRate*len(ln.stage.Counts())/took, timingRare)
}

// Due is when the lane wants Tick to be called: the zero Time for never.
func (in *Inlet[T]) Due() time.Time { return in.ln.next }

// Tick lets the stages of the lane act by the clock. A source calls it at Due, also when nothing arrives.
func (in *Inlet[T]) Tick(now time.Time) { in.ln.tick(now) }

// Stalled says that a queue behind the lane is full and that what was pushed waits in the lane, in order. Only a lane whose
// source must not wait is ever stalled.
func (in *Inlet[T]) Stalled() bool { return in.ln.stalled > 0 }

// Retry pushes what waits in the lane, as far as there is room.
func (in *Inlet[T]) Retry() {
	for _, o := range in.ln.outlets {
		o.retry()
	}
	in.ln.stage.End()
}
