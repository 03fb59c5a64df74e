package reactor

import (
	"runtime"
	"time"
)

// longest is how long the loop sleeps at most when something is due: the kernel takes milliseconds in 32 bits, 24 days.
const longest = 24 * time.Hour

// wait asks the kernel what has happened, and sleeps when that is nothing and the loop has nothing else to do.
//
// The first look does not wait, which skips what the runtime does around a call that may, and is all there is to it on a busy
// loop.
func (l *Loop) wait(busy bool) {
	if l.poll(0) > 0 || busy || l.woken.Load() {
		return
	}
	if l.Shared {
		runtime.Gosched()
		if l.poll(0) > 0 || l.woken.Load() {
			return
		}
	}
	var due time.Time
	for _, r := range l.riders {
		if at := r.Due(); !at.IsZero() && (due.IsZero() || at.Before(due)) {
			due = at
		}
	}
	wait := -1
	if !due.IsZero() {
		// Rounded up, so that it is due when the loop wakes.
		if wait = int((min(time.Until(due), longest) + time.Millisecond - 1) / time.Millisecond); wait <= 0 {
			return
		}
	}
	for _, r := range l.riders {
		r.Rest()
	}
	l.turns.Add(1)
	l.sleeping.Store(true)
	if !l.woken.Load() { // whoever wakes it now has seen that it sleeps, or is seen here
		l.poll(wait)
	}
	l.sleeping.Store(false)
	l.turns.Add(1)
	for _, r := range l.riders {
		r.Work()
	}
}

// poll asks the kernel, and ends the loop when that fails.
func (l *Loop) poll(ms int) int {
	n, err := l.kernel.Poll(ms)
	if err != nil {
		l.err = err
	}
	return n
}
