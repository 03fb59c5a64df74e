package load

import (
	"math"
	"sync"
	"time"
)

// announce calls Config.Begin and Config.End at their times. What it returns is to be called when the run is over, and waits
// until both were called.
func (r *run) announce() (finish func()) {
	over := make(chan struct{})
	var ended sync.WaitGroup
	at := func(when int64, call func()) {
		if when < math.MaxInt64 {
			t := time.NewTimer(time.Duration(when - r.now()))
			defer t.Stop()
			select {
			case <-t.C:
			case <-over:
			}
		} else {
			<-over
		}
		if call != nil {
			call()
		}
	}
	if r.cfg.Begin != nil || r.cfg.End != nil {
		ended.Go(func() {
			at(r.from, r.cfg.Begin)
			at(r.end, r.cfg.End)
		})
	}
	return func() { close(over); ended.Wait() }
}
