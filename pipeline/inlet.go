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
	defer ln.stage.Rest()
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
	if ln.tickers == nil {
		ln.stage.End()
		return
	}
	now := ln.stage.Now()
	ln.stage.End()
	ln.tick(now)
}

func (in *Inlet[T]) run(b []*T) {
	ok := false
	defer func() {
		if !ok { // asked first, because recover costs more
			in.ln.panicked(recover())
		}
	}()
	in.next.Push(b)
	ok = true
}

// epoch is what clock counts from.
var epoch = time.Now()

// clock reads the monotonic clock, at half of what time.Now costs.
func clock() time.Duration { return time.Since(epoch) }

// Timing one node takes two readings of the clock, about 60 ns. A batch is timed when that is less than 1 in 400 parts of the
// time that has passed since the last one, and at least once in 4096 batches.
const (
	timingCost = 60
	timingPart = 400
	timingRare = 4096
)

func (in *Inlet[T]) timed(b []*T) {
	ln := in.ln
	began := clock()
	switch passed, worth := began-ln.timedAt, timingCost*timingPart*time.Duration(len(ln.stage.Counts())); {
	case passed < worth:
		ln.every = min(2*ln.every+1, timingRare)
	case passed > 4*worth:
		ln.every /= 2
	}
	ln.timedAt, ln.countdown = began, ln.every
	ln.sampling = true
	in.run(b)
	ln.sampling = false
}

// Due is when the lane wants Tick to be called: the zero Time for never, as while it is stalled. It is asked before Rest.
func (in *Inlet[T]) Due() time.Time {
	if in.Stalled() {
		return time.Time{}
	}
	return in.ln.next
}

// Tick lets the stages of the lane act by the clock. A source calls it at Due, also when nothing arrives.
func (in *Inlet[T]) Tick(now time.Time) { in.ln.tick(now) }

// Stalled says that a queue behind the lane is full and that what was pushed waits in the lane, in order, or that a sink has
// more than it can send. Only a lane whose source must not wait is ever stalled.
func (in *Inlet[T]) Stalled() bool { return in.Lane.Stalled() }

// Crosses says whether messages go from the lane to others, through queues.
func (in *Inlet[T]) Crosses() bool { return len(in.ln.exits) > 0 }

// Retry pushes what waits in the lane, as far as there is room.
func (in *Inlet[T]) Retry() {
	for _, e := range in.ln.exits {
		e.retry()
	}
	in.Lane.Retry()
	in.ln.stage.End()
}

// Fixed says that a queue behind the lane keeps the order of each lane alone ([queue.Laned]): messages that are to stay in
// order, such as those of a connection, must all be pushed through one lane. It is the same for all lanes of a source.
func (in *Inlet[T]) Fixed() bool { return in.ln.fixed }

// since notes what the lane has taken when the number of lanes changes, on the lane.
func (in *Inlet[T]) since() {
	in.ln.snapMu.Lock()
	in.ln.since = in.counts.Out
	in.ln.snapMu.Unlock()
}
