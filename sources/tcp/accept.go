package tcp

import (
	"fmt"
	"time"
)

// accept takes connections until the source stops, and then those that are in the backlog.
func (s *goroutines) accept() {
	defer close(s.accepted)
	defer s.ln.Close()
	pause := time.Duration(0)
	for !s.deaf.Load() {
		err := s.acceptSome()
		if err == nil || s.deaf.Load() {
			pause = 0
			continue
		}
		s.complain(fmt.Errorf("connections wait in the backlog: %w", err))
		// The kernel lacks memory, most likely: the connections that are open can go on.
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(pause):
		case <-s.quit:
		}
	}
	s.acceptRest()
}

// complain has an error of accepting counted and logged, at most once a second, on the account of a lane: the goroutine that
// accepts has none, and must not wait for one. What comes while the lane has not got to it is left out.
func (s *Source) complain(err error) {
	if !s.complaining.CompareAndSwap(false, true) {
		return
	}
	l := s.taker.account()
	l.Call(func() {
		s.complaining.Store(false)
		l.Failed(err)
	})
}
