package reactor

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// longest is how long the loop sleeps at most when something is due: the kernel may take milliseconds in 32 bits, 24 days.
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
	wait := time.Duration(-1)
	if !due.IsZero() {
		if wait = min(time.Until(due), longest); wait <= 0 {
			return
		}
	}
	l.turns.Add(1) // before others may use the lanes: who finds it awake then is on its thread, or has it turn once more
	for _, r := range l.riders {
		r.Rest()
	}
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
func (l *Loop) poll(wait time.Duration) int {
	n, err := l.kernel.Poll(wait)
	if err != nil {
		l.err = err
	}
	return n
}

// punctual has the sleeps of this thread end when they ought to, until undo is called. That it cannot is no reason to do
// without a loop.
func punctual() (undo func()) {
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil {
		return func() {}
	}
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	return func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack), 0, 0, 0) }
}
