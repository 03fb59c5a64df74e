package reactor_test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/internal/reactor"
)

func TestAPunctualLoopAsksForItsTimersOnTime(t *testing.T) {
	slack := func(punctual bool) (n int) {
		l := loop(t)
		l.Punctual = punctual
		running(t, l)
		on(l, func() { n, _ = unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0) })
		return n
	}
	if usual, punctual := slack(false), slack(true); usual <= 1 || punctual != 1 {
		t.Errorf("timers may be late by %d ns, and by %d ns where they must not", usual, punctual)
	}
	if again := slack(false); again <= 1 { // on a thread that a punctual loop may have had
		t.Errorf("then timers of another loop may be late by %d ns", again)
	}
}

func TestAWaitLastsAtLeastItsTimeAlsoWhereTheKernelCountsMilliseconds(t *testing.T) {
	for _, coarse := range []bool{false, true} {
		p, err := reactor.NewEpoll()
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if coarse {
			p.Coarsen()
		}
		for _, wait := range []time.Duration{time.Microsecond, 300 * time.Microsecond, 1100 * time.Microsecond} {
			began := time.Now()
			if n, err := p.Poll(wait); n != 0 || err != nil || time.Since(began) < wait {
				t.Errorf("coarse %v: %d, %v after %v of %v", coarse, n, err, time.Since(began), wait)
			}
		}
	}
}
