package pipeline

import (
	"context"
	"time"
)

// leavePause is how long a source waits at most between two looks whether its peers have come to an end.
const leavePause = 20 * time.Millisecond

// leave lets the stages that are a [stage.Leaver] come to an end with their peers while the lanes still read, until that is so, or most is over,
// or ctx has ended.
func (l *laneList) leave(ctx context.Context, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for pause := time.Millisecond; l.waiting(ctx) > 0; pause = min(2*pause, leavePause) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// waiting is how many peers the stages wait for. A lane that does not come to the end of its batch counts as one.
func (l *laneList) waiting(ctx context.Context) (n int) {
	for _, ln := range l.all() {
		if len(ln.leavers) == 0 {
			continue
		}
		sum := make(chan int, 1)
		done := ln.stage.Call(func() {
			waiting := 0
			for _, leave := range ln.leavers {
				waiting += leave()
			}
			sum <- waiting
		})
		select {
		case <-done:
		case <-ctx.Done():
			return n + 1
		}
		select {
		case k := <-sum:
			n += k
		default: // it has panicked, and that was reported
		}
	}
	return n
}
