package stage

import (
	"fmt"
	"time"
)

// Suspect says that the lane has been in one batch since a moment that is too long ago for one that many connections share. It
// is reported at once, and again with the node that held the lane when that comes back. Any goroutine may call it.
func (l *Lane) Suspect(since time.Time) {
	l.since.Store(since.UnixNano())
	l.suspected.Store(true)
	if l.report != nil {
		l.report(l.Name, fmt.Errorf("lane %s has not turned for %v: a stage holds it", l.Name, time.Since(since).Round(time.Millisecond)))
	}
}

// confess reports the node that has held the lane, on the lane.
func (l *Lane) confess() {
	l.suspected.Store(false)
	if l.report != nil {
		held := time.Since(time.Unix(0, l.since.Load())).Round(time.Millisecond)
		l.report(l.Where(), fmt.Errorf("%s: it held lane %s for %v, and all connections of that with it: put a queue before it", l.Where(), l.Name, held))
	}
}
