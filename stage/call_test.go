package stage_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func isDone(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

func TestACallRunsAtOnceWhileTheLaneRests(t *testing.T) {
	l := stagetest.NewLane("lane")
	ran := false
	done := l.Call(func() { ran = true })
	check(t, "done when Call returns", isDone(done), true)
	check(t, "ran", ran, true)
}

func TestACallWaitsForTheEndOfTheBatch(t *testing.T) {
	l := stagetest.NewLane("lane")
	l.Work()
	done := make(chan (<-chan struct{}))
	go func() { done <- l.Call(func() {}) }()
	called := <-done
	check(t, "done in the middle of a batch", isDone(called), false)
	l.End()
	check(t, "done when the batch has ended", isDone(called), true)
	go func() { done <- l.Call(func() {}) }()
	called = <-done
	check(t, "done behind the end of the batch", isDone(called), false)
	l.Rest()
	check(t, "done when the lane rests", isDone(called), true)
}

// A lane that rests may do so for ever: nobody but the callers can run what a second caller asks for while the first is
// being served.
func TestACallIsNotLostWhileAnotherOneRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := stagetest.NewLane("lane")
		leave := make(chan struct{})
		var first, second atomic.Bool
		go func() { l.Call(func() { <-leave; first.Store(true) }) }()
		synctest.Wait()
		done := l.Call(func() { second.Store(true) })
		check(t, "the second is done while the first one runs", isDone(done), false)
		close(leave)
		synctest.Wait()
		if !first.Load() || !second.Load() || !isDone(done) {
			t.Error("the second call was lost")
		}
	})
}

func TestACallIsNotLostWhenItComesWhileCallsAreRunAtTheEndOfWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := stagetest.NewLane("lane")
		leave := make(chan struct{})
		l.Work()
		l.Call(func() { <-leave })
		go l.Rest()
		synctest.Wait()
		done := l.Call(func() {})
		close(leave)
		synctest.Wait()
		check(t, "done", isDone(done), true)
	})
}

func TestEveryCallRunsOnceWhateverTheLaneDoes(t *testing.T) {
	l := stagetest.NewLane("lane")
	const callers, calls = 4, 3000
	var ran [callers * calls]uint32 // written between batches only, and so without a lock
	inside := 0
	stop := make(chan struct{})
	var lane, all sync.WaitGroup
	lane.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			l.Work()
			for range 3 {
				inside++
				inside--
				l.End()
			}
			l.Rest()
		}
	})
	for i := range callers {
		all.Go(func() {
			for j := range calls {
				done := l.Call(func() {
					if inside != 0 {
						t.Error("a call ran in the middle of a batch")
					}
					ran[i*calls+j]++
				})
				if j%3 == 0 { // others pile up
					<-done
				}
			}
		})
	}
	all.Wait()
	<-l.Call(func() {}) // calls run in their order, so the others have run
	close(stop)
	lane.Wait()
	for i, n := range ran {
		if n != 1 {
			t.Fatalf("call %d ran %d times", i, n)
		}
	}
}

func TestAPanicInACallIsReportedAndLeavesTheLaneAsItWas(t *testing.T) {
	l := stagetest.NewLane("node")
	done := l.Call(func() { panic("a test") })
	check(t, "done", isDone(done), true)
	reported := l.Reported()
	if len(reported) != 1 || !errors.Is(reported[0], stage.ErrPanic) {
		t.Fatalf("reported %v", reported)
	}
	check(t, "panics of the lane outside of its nodes", l.Counts()[0].Panics, uint64(1))
	check(t, "node that runs", l.Where(), "node")
	l.Work() // the lane is not locked
	l.Rest()
	check(t, "done", isDone(l.Call(func() {})), true)
}
