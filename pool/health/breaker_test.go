package health_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/leat-io/leat/pool/health"
	"github.com/leat-io/leat/stage/stagetest"
)

// A fuse is what a breaker is to be, written so that it can be read.
type fuse struct {
	o                       health.BreakerOptions
	state                   health.State
	generation              int
	requests, failures, row int
	aged, now, until        time.Duration
	admitted, succeeded     int
	streak                  int
}

func (f *fuse) turn(s health.State) {
	f.state = s
	f.generation++
	f.requests, f.failures, f.row, f.admitted, f.succeeded = 0, 0, 0, 0, 0
}

func (f *fuse) open() {
	f.until = f.now + f.o.Open.Delay(f.streak)
	f.streak++
	f.turn(health.Open)
}

func (f *fuse) allow() bool {
	switch {
	case f.state == health.Closed:
		return true
	case f.state == health.HalfOpen && f.admitted < f.o.Trials:
	case f.now >= f.until:
		f.turn(health.HalfOpen)
		f.until = f.now + f.o.Patience
	default:
		return false
	}
	f.admitted++
	return true
}

func (f *fuse) done(generation int, o health.Outcome) {
	switch {
	case generation != f.generation || o == health.Ignored && f.state == health.Closed:
	case f.state == health.Closed && o == health.Success:
		f.requests++
		f.row = 0
	case f.state == health.Closed:
		for f.now-f.aged >= f.o.Window {
			f.requests /= 2
			f.failures /= 2
			f.aged += f.o.Window
			if f.requests == 0 {
				f.aged = f.now
			}
		}
		f.requests++
		f.failures++
		f.row++
		if f.row >= f.o.InARow || f.requests >= f.o.Volume && float64(f.failures) >= f.o.Rate*float64(f.requests) {
			f.open()
		}
	case o == health.Ignored:
		f.admitted--
	case o == health.Failure:
		f.open()
	default:
		if f.succeeded++; f.succeeded == f.o.Trials {
			f.turn(health.Closed)
			f.aged, f.streak = f.now, 0
		}
	}
}

func TestABreakerIsAFuse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(0, 0)
		o := health.BreakerOptions{
			InARow: rapid.IntRange(1, 6).Draw(t, "in a row"), Rate: rapid.Float64Range(.05, 1).Draw(t, "rate"),
			Volume: rapid.IntRange(1, 20).Draw(t, "volume"), Window: time.Duration(rapid.IntRange(1, 20).Draw(t, "window")) * time.Second,
			Trials: rapid.IntRange(1, 4).Draw(t, "trials"), Patience: 7 * time.Second,
			Open: health.Backoff{Min: time.Second, Max: 20 * time.Second, Factor: 2, Jitter: -1},
			Now:  func() time.Time { return now },
		}
		type sent struct {
			p          health.Permit
			generation int
		}
		b, model := must(health.NewBreaker(o)), &fuse{o: o}
		var out []sent
		allow := func(t *rapid.T) {
			p, ok := b.Allow()
			if want := model.allow(); ok != want {
				t.Fatalf("Allow is %v, want %v", ok, want)
			}
			if ok {
				out = append(out, sent{p, model.generation})
			}
		}
		outcome := rapid.SampledFrom([]health.Outcome{health.Success, health.Success, health.Failure, health.Failure, health.Ignored})
		t.Repeat(map[string]func(*rapid.T){
			"allow":  allow,
			"allow2": allow,
			"done": func(t *rapid.T) {
				if len(out) == 0 {
					t.Skip("nothing is out")
				}
				i := rapid.IntRange(0, len(out)-1).Draw(t, "which")
				s := out[i]
				out = append(out[:i], out[i+1:]...)
				k := outcome.Draw(t, "outcome")
				b.Done(s.p, k)
				model.done(s.generation, k)
			},
			"wait": func(t *rapid.T) {
				d := time.Duration(rapid.IntRange(1, 8000).Draw(t, "ms")) * time.Millisecond
				now, model.now = now.Add(d), model.now+d
			},
			"": func(t *rapid.T) {
				s := b.Stats()
				if s.State != model.state || s.Requests != model.requests || s.Failures != model.failures || s.InARow != model.row {
					t.Fatalf("%+v, want %+v", s, model)
				}
			},
		})
	})
}

func TestABreakerOpensForLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var changes []string
		b := must(health.NewBreaker(health.BreakerOptions{
			InARow: 2, Trials: 1, Open: health.Backoff{Min: time.Second, Max: 5 * time.Second, Jitter: -1},
			OnChange: func(from, to health.State) { changes = append(changes, fmt.Sprint(from, " ", to)) },
		}))
		for range 2 {
			p, _ := b.Allow()
			b.Done(p, health.Failure)
		}
		for _, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second} {
			time.Sleep(wait - 1)
			if _, ok := b.Allow(); ok {
				t.Fatalf("something is let through before %v", wait)
			}
			time.Sleep(time.Nanosecond)
			p, ok := b.Allow()
			if _, second := b.Allow(); !ok || second {
				t.Fatalf("behind %v one trial was %v, another %v", wait, ok, second)
			}
			b.Done(p, health.Failure)
		}
		time.Sleep(5 * time.Second)
		p, _ := b.Allow()
		b.Done(p, health.Success)
		if s := b.Stats(); s.State != health.Closed || s.Openings != 6 {
			t.Errorf("%+v", s)
		}
		if n := len(changes); n != 13 || changes[0] != "closed open" || changes[n-1] != "half-open closed" {
			t.Errorf("%d changes: %v", n, changes)
		}
	})
}

// Whoever never says what became of a trial must not keep the breaker half open for ever.
func TestLostTrialsAreReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := must(health.NewBreaker(health.BreakerOptions{InARow: 1, Trials: 1, Patience: time.Second, Open: health.Backoff{Min: time.Second, Jitter: -1}}))
		p, _ := b.Allow()
		b.Done(p, health.Failure)
		time.Sleep(time.Second)
		lost, _ := b.Allow()
		time.Sleep(time.Second)
		p, ok := b.Allow()
		if !ok {
			t.Fatal("there is no other trial")
		}
		b.Done(lost, health.Failure)
		b.Done(p, health.Success)
		if s := b.State(); s != health.Closed {
			t.Errorf("it is %v", s)
		}
	})
}

// However many goroutines there are, no more trials are let through than there may be, and the counts are right.
func TestABreakerMayBeShared(t *testing.T) {
	b := must(health.NewBreaker(health.BreakerOptions{InARow: 255, Rate: -1, Trials: 3}))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 1000 {
				p, _ := b.Allow()
				if i%2 == 0 {
					b.Done(p, health.Failure)
				} else {
					b.Done(p, health.Success)
				}
			}
		})
	}
	all.Wait()
	if s := b.Stats(); s.State == health.Closed && (s.Requests != 8000 || s.Failures != 4000) {
		t.Errorf("%+v", s)
	}
}

func TestWhereAllIsWellNothingIsAllocated(t *testing.T) {
	b := must(health.NewBreaker(health.BreakerOptions{}))
	g := must(health.NewBudget(health.BudgetOptions{}))
	o := must(health.NewOutlier(health.OutlierOptions{}))
	r := o.Add("a", new(lamp))
	timeout := must(health.NewTimeout(r.Latency(), health.TimeoutOptions{}))
	hedge := must(health.NewHedge(r.Latency(), g, health.HedgeOptions{}))
	stagetest.Allocs(t, 0, func() {
		for i := range 2000 {
			p, _ := b.Allow()
			g.Deposit()
			timeout.Value()
			hedge.Delay()
			r.Report(time.Duration(i)*time.Microsecond, i%3 == 0)
			b.Done(p, health.Success)
		}
		hedge.Spend()
		health.Backoff{}.Delay(3)
	})
}
