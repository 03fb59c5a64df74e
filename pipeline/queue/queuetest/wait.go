package queuetest

import (
	"runtime"
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline/queue"
)

// tolerance is how late a wait may end in virtual time, which stands still while anybody computes.
const tolerance = time.Millisecond

// waits checks that Wait(until) returns more after the given time.
func (r *rig) waits(until time.Time, more bool, after time.Duration) {
	r.Helper()
	start := time.Now()
	if got := r.Wait(until); got != more {
		r.Errorf("Wait returned %v, not %v", got, more)
	}
	if took := time.Since(start); took < after || took > after+tolerance {
		r.Errorf("Wait took %v, not %v", took, after)
	}
}

func waitReturnsAtItsDeadline(t testing.TB, mk queue.Maker[Message]) {
	inBubble(t, mk, queue.Config{Cap: 8}, func(r *rig) {
		p, c := r.join(0), r.consumer()
		in := func(d time.Duration) time.Time { return time.Now().Add(d) }

		r.waits(in(5*time.Second), true, 5*time.Second)
		r.waits(in(0), true, 0)
		r.waits(in(-time.Second), true, 0)
		if n := c.drain(); n != 0 {
			r.Errorf("popped %d messages that nobody pushed", n)
		}
		for range 100 {
			// A message before, at, or after the deadline, and then a wait that neither may cut short.
			deadline, arrival := time.Duration(r.rand.IntN(4))*time.Second, time.Duration(r.rand.IntN(4))*time.Second
			arrived := make(chan struct{})
			r.wg.Go(func() {
				defer close(arrived)
				time.Sleep(arrival)
				p.pushAll(1)
			})
			r.waits(in(deadline), true, min(deadline, arrival))
			<-arrived
			if n := c.drain(); n != 1 {
				r.Errorf("popped %d of 1", n)
			}
			r.waits(in(3*time.Second), true, 3*time.Second)
		}
		p.push(1)
		r.waits(in(5*time.Second), true, 0)
		c.drain()
		r.waits(in(5*time.Second), true, 5*time.Second)
	})
}

func waitReturnsWhenAMessageArrives(t testing.TB, mk queue.Maker[Message]) {
	for _, limit := range []bool{true, false} {
		inBubble(t, mk, queue.Config{Cap: 8}, func(r *rig) {
			var until time.Time
			if limit {
				until = r.eventually()
			}
			p, c := r.join(0), r.consumer()
			next := make(chan int)
			defer close(next)
			r.wg.Go(func() {
				for yields := range next {
					for range yields {
						runtime.Gosched() // meets the consumer looking, yielding, falling asleep, and asleep
					}
					if !p.pushAll(1) {
						return
					}
				}
			})
			for range 3000 {
				select {
				case next <- r.rand.IntN(12):
				case <-r.gone:
				}
				if !r.Wait(until) || len(c.pop(1)) != 1 {
					r.Fatalf("Wait returned, and the message was not there")
				}
			}
		})
		if t.Failed() {
			return // without a limit it would never end
		}
	}
}

func waitReturnsFalseOnlyWhenClosedAndEmpty(t testing.TB, mk queue.Maker[Message]) {
	inBubble(t, mk, queue.Config{Cap: 100}, func(r *rig) {
		p, c := r.join(0), r.consumer()
		p.push(100)
		r.waits(time.Time{}, true, 0)
		r.Close()
		for left := 100; left > 0; {
			r.waits(time.Time{}, true, 0)
			n := len(c.pop(33))
			if n == 0 {
				r.Fatalf("nothing to pop, %d messages were not lent yet", left)
			}
			left -= n
		}
		for range 3 {
			r.waits(time.Time{}, false, 0)
			r.waits(time.Now().Add(time.Second), false, 0)
			r.waits(time.Now().Add(-time.Second), false, 0)
			c.pop(33)
		}
	})
	// The last messages and the end come while the consumer looks for either.
	for range 300 {
		if t.Failed() {
			return // a queue that never ends would keep the loop below busy for ever
		}
		inBubble(t, mk, queue.Config{Cap: 100}, func(r *rig) {
			p, c := r.join(0), r.consumer()
			n, yields := 1+r.rand.IntN(3), r.rand.IntN(6)
			r.wg.Go(func() {
				for range yields {
					runtime.Gosched()
				}
				p.pushAll(n)
				r.Close()
			})
			got := 0
			for r.Wait(r.eventually()) {
				got += len(c.pop(100))
			}
			if got != n {
				r.Errorf("Wait returned false after %d of %d messages", got, n)
			}
		})
	}
}

func closeWakesTheConsumer(t testing.TB, mk queue.Maker[Message]) {
	for _, limit := range []bool{true, false} {
		for _, messages := range []int{0, 5} {
			inBubble(t, mk, queue.Config{Cap: 8}, func(r *rig) {
				p, c := r.join(0), r.consumer()
				p.push(messages)
				c.drain()
				time.AfterFunc(time.Second, r.Close)
				var until time.Time
				if limit {
					until = time.Now().Add(time.Minute)
				}
				r.waits(until, false, time.Second)
			})
			if t.Failed() {
				return // without a limit it would never end
			}
		}
	}
}

func closeKeepsWhatIsQueued(t testing.TB, mk queue.Maker[Message]) {
	for _, n := range []int{1, 2, 40, 1024} {
		inBubble(t, mk, queue.Config{Cap: 1024, Producers: 2}, func(r *rig) {
			a, b, c := r.join(0), r.join(1), r.consumer()
			first := a.push(n)
			popped := len(c.pop(r.rand.IntN(n) + 1))
			sent := first + b.push(n/2) + a.push(n/4)
			r.Close()
			if got := popped + c.drain(); got != sent {
				r.Errorf("%d messages were pushed before Close, %d could be popped", sent, got)
			}
		})
	}
}
