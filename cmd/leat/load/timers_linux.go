package load

import (
	"container/heap"
	"math"
)

// Timers are those of one loop, the soonest first. There is one for each user, and it is set for the oldest of what the user waits
// for, not for each request: one that rings too soon is set again. So a request costs no more than a comparison.
type timers []*timer

// A timer rings its owner at a time in nanoseconds of the run.
type timer struct {
	owner interface{ ring(now int64) }
	at    int64
	place int // in the heap, from 1; 0 if it is not set
}

// set has a timer ring at a time, or sooner if it is set for sooner.
func (t *timers) set(which *timer, at int64) {
	switch {
	case which.place == 0:
		which.at = at
		heap.Push(t, which)
	case at < which.at:
		which.at = at
		heap.Fix(t, which.place-1)
	}
}

// ring rings what is due.
func (t *timers) ring(now int64) {
	for t.next() <= now {
		heap.Pop(t).(*timer).owner.ring(now)
	}
}

// next is when the next one rings.
func (t *timers) next() int64 {
	if len(*t) == 0 {
		return math.MaxInt64
	}
	return (*t)[0].at
}

// Len implements heap.Interface, as do the others.
func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at < t[j].at }

func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].place, t[j].place = i+1, j+1
}

func (t *timers) Push(x any) {
	which := x.(*timer)
	*t = append(*t, which)
	which.place = len(*t)
}

func (t *timers) Pop() any {
	last := len(*t) - 1
	which := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	which.place = 0
	return which
}
