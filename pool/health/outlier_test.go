package health_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pool/health"
)

// A fleet is members that one Outlier watches.
type fleet struct {
	*health.Outlier
	records []*health.Record
	lamps   []*lamp
}

func watch(t testing.TB, n int, o health.OutlierOptions) *fleet {
	t.Helper()
	d, err := health.NewOutlier(o)
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{Outlier: d}
	for i := range n {
		l := new(lamp)
		f.lamps = append(f.lamps, l)
		f.records = append(f.records, d.Add(fmt.Sprint("m", i), l))
	}
	return f
}

// up are the members that are.
func (f *fleet) up() (s string) {
	for i, l := range f.lamps {
		if l.up() {
			s += fmt.Sprint(i)
		}
	}
	return s
}

func (f *fleet) fail(i, n int) {
	for range n {
		f.records[i].Report(0, true)
	}
}

// running runs it until the test ends.
func (f *fleet) running(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { f.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
}

func (f *fleet) wantUp(t *testing.T, want string) {
	t.Helper()
	if got := f.up(); got != want {
		t.Errorf("up are %q, want %q", got, want)
	}
}

func TestFailuresInARowEjectAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := watch(t, 3, health.OutlierOptions{InARow: 3, Base: 10 * time.Second, Jitter: -1})
		f.running(t)
		f.fail(1, 2)
		f.records[1].Report(time.Millisecond, false)
		f.fail(1, 2)
		f.wantUp(t, "012")
		f.fail(1, 1)
		f.wantUp(t, "02")
		if s := f.Stats()[1]; !s.Ejected || s.Reason != "3 failures in a row" || time.Until(s.Until) != 10*time.Second {
			t.Errorf("%+v", s)
		}
		f.fail(1, 10) // of what was sent before
		time.Sleep(9 * time.Second)
		f.wantUp(t, "02")
		time.Sleep(2 * time.Second)
		f.wantUp(t, "012")
		f.fail(1, 2)
		f.wantUp(t, "012")
	})
}

func TestEjectionsGrowAndShrink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []health.Ejection
		f := watch(t, 2, health.OutlierOptions{
			InARow: 1, Base: 10 * time.Second, Max: 25 * time.Second, Jitter: -1,
			OnChange: func(e health.Ejection) { told = append(told, e) },
		})
		f.running(t)
		lasts := func(want time.Duration) {
			t.Helper()
			f.fail(0, 1)
			if d := time.Until(f.Stats()[0].Until); d != want {
				t.Errorf("it lasts %v, want %v", d, want)
			}
			time.Sleep(want + 1500*time.Millisecond)
			synctest.Wait()
			f.wantUp(t, "01")
		}
		lasts(10 * time.Second)
		lasts(20 * time.Second)
		lasts(25 * time.Second)
		lasts(25 * time.Second)
		time.Sleep(12 * time.Second) // once Base
		lasts(20 * time.Second)
		time.Sleep(time.Minute)
		lasts(10 * time.Second)
		synctest.Wait()
		if len(told) != 12 || told[2] != (health.Ejection{Name: "m0", Reason: "1 failures in a row", For: 20 * time.Second}) || told[3] != (health.Ejection{Name: "m0"}) {
			t.Errorf("told %v", told)
		}
	})
}

func TestAShareOfFailuresEjects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := watch(t, 3, health.OutlierOptions{InARow: -1, Rate: .3, Volume: 20, Window: 5 * time.Second})
		f.running(t)
		answers := func(i, n, each int) {
			for k := range n {
				f.records[i].Report(time.Millisecond, k%each == 0)
			}
		}
		answers(0, 19, 1) // too few
		answers(1, 400, 4)
		time.Sleep(1500 * time.Millisecond)
		f.wantUp(t, "012")
		time.Sleep(6 * time.Second) // out of the window
		answers(0, 1, 1)
		answers(2, 100, 3)
		time.Sleep(time.Second)
		f.wantUp(t, "01")
		if s := f.Stats(); s[2].Reason != "34 of 100 requests failed" || s[0].Requests != 1 || s[1].Requests != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestTheSlowAreEjected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := watch(t, 5, health.OutlierOptions{Slow: 3, Peers: 3})
		f.running(t)
		answer := func(i int, d time.Duration) {
			for range 100 {
				f.records[i].Report(d, false)
			}
		}
		answer(0, 100*time.Millisecond)
		answer(1, 10*time.Millisecond)
		answer(2, 12*time.Millisecond)
		time.Sleep(1500 * time.Millisecond)
		f.wantUp(t, "01234") // there are two peers only
		for range 10 {
			answer(0, 100*time.Millisecond)
			answer(1, 10*time.Millisecond)
			answer(2, 12*time.Millisecond)
			answer(3, 25*time.Millisecond)
			answer(4, 11*time.Millisecond)
			time.Sleep(time.Second)
		}
		f.wantUp(t, "1234")
		if s := f.Stats()[0]; !strings.HasPrefix(s.Reason, "its latency is ") {
			t.Errorf("%+v", s)
		}
	})
}

func TestNoiseAmongTheFastEjectsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := watch(t, 4, health.OutlierOptions{Slow: 2})
		f.running(t)
		for range 5 {
			for i := range 4 {
				for range 100 {
					f.records[i].Report(time.Duration(20+200*(i/3))*time.Microsecond, false)
				}
			}
			time.Sleep(time.Second)
		}
		f.wantUp(t, "0123")
	})
}

// However many fail, no more than the share is ejected, and one is left.
func TestSomeAlwaysRemain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			n    int
			most float64
			want int
		}{{1, 1, 1}, {2, 1, 1}, {2, .1, 1}, {10, .3, 7}, {10, 1, 1}, {3, 0, 3}, {4, .5, 2}} {
			if c.most == 0 {
				c.most, c.want = .0001, 2 // one may always be
			}
			f := watch(t, c.n, health.OutlierOptions{InARow: 1, Most: c.most})
			for i := range c.n {
				f.fail(i, 1)
			}
			f.Sweep()
			if up := len(f.up()); up != c.want {
				t.Errorf("of %d with at most %v ejected, %d remain, want %d", c.n, c.most, up, c.want)
			}
		}
	})
}

func TestTheEndOfAnOutlierEjectsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := watch(t, 3, health.OutlierOptions{InARow: 1})
		ctx, cancel := context.WithCancel(t.Context())
		go f.Run(ctx)
		f.fail(0, 1)
		f.wantUp(t, "12")
		f.Remove(f.records[0])
		f.Remove(f.records[0])
		f.fail(1, 1) // of two
		f.wantUp(t, "2")
		f.fail(0, 5) // it is nobody's any more
		cancel()
		synctest.Wait()
		f.wantUp(t, "12")
		if s := f.Stats(); len(s) != 2 {
			t.Errorf("%+v", s)
		}
	})
}

func TestReportsMayComeFromAnywhere(t *testing.T) {
	f := watch(t, 4, health.OutlierOptions{InARow: 3, Slow: 2})
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 5000 {
				f.records[(g+i)%4].Report(time.Duration(i)*time.Microsecond, i%7 < 4)
				if i%100 == 0 {
					f.Sweep()
					f.Stats()
				}
			}
		})
	}
	all.Wait()
	if up := len(f.up()); up < 2 {
		t.Errorf("%d of 4 are up", up)
	}
}

// A member is up while all say so.
func TestAVerdictIsUnanimous(t *testing.T) {
	l := new(lamp)
	v := health.NewVerdict(l)
	a, b := v.Voice(), v.Voice()
	for _, step := range []struct {
		voice    health.Member
		says, up bool
		turns    int
	}{
		{a, true, true, 0}, {a, false, false, 1}, {a, false, false, 1}, {b, false, false, 1}, {a, true, false, 1},
		{b, true, true, 2}, {b, false, false, 3}, {a, true, false, 3}, {b, true, true, 4},
	} {
		step.voice.SetUp(step.says)
		if turns, _ := l.told(); l.up() != step.up || turns != step.turns {
			t.Fatalf("behind %+v it is %v, told %d times", step, l.up(), turns)
		}
	}
}
