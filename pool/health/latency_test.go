package health_test

import (
	"bufio"
	"context"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pool/health"
)

// recorded is a series of round trips over loopback beside other work, in microseconds a line.
func recorded(t *testing.T) (series []time.Duration) {
	f, err := os.Open("testdata/roundtrips.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for r := bufio.NewScanner(f); r.Scan(); {
		us, err := strconv.ParseFloat(r.Text(), 64)
		if err != nil {
			t.Fatal(err)
		}
		series = append(series, time.Duration(us*1000))
	}
	return series
}

func synthetic(n int, f func(r *rand.Rand) float64) (series []time.Duration) {
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		series = append(series, time.Duration(f(r)))
	}
	return series
}

// Where nothing has grown old, quantiles are those of the series but for the width of a bucket.
func TestQuantilesAreThoseOfTheSeries(t *testing.T) {
	for name, series := range map[string][]time.Duration{
		"recorded":    recorded(t),
		"exponential": synthetic(10_000, func(r *rand.Rand) float64 { return 1e6 * r.ExpFloat64() }),
		"log-normal":  synthetic(10_000, func(r *rand.Rand) float64 { return 2e5 * math.Exp(r.NormFloat64()) }),
		"two humps": synthetic(10_000, func(r *rand.Rand) float64 {
			if r.IntN(10) == 0 {
				return 5e7 + 1e6*r.NormFloat64()
			}
			return 1e5 + 1e4*r.NormFloat64()
		}),
		"constant": synthetic(100, func(*rand.Rand) float64 { return 3e6 }),
	} {
		now := time.Unix(0, 0)
		l := must(health.NewLatency(health.LatencyOptions{Now: func() time.Time { return now }}))
		for _, d := range series {
			l.Observe(d)
		}
		l.Refresh()
		slices.Sort(series)
		for _, q := range []float64{.1, .5, .75, .95, .99, .999} {
			at := must(l.Track(q))
			got, known := at.Load()
			k := int(math.Ceil(q*float64(len(series)))) - 1
			// One place beside it, and then the width of a bucket.
			least, most := series[max(k-1, 0)], series[min(k+1, len(series)-1)]
			if slack := time.Duration(1025); !known || float64(got) < float64(least)*.875-float64(slack) || float64(got) > float64(most)*1.125+float64(slack) {
				t.Errorf("%s: the quantile %v is %v, want %v", name, q, got, series[k])
			}
		}
	}
}

func TestOldLatenciesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := must(health.NewLatency(health.LatencyOptions{HalfLife: time.Second}))
		median := must(l.Track(.5))
		if _, known := median.Load(); known {
			t.Error("the median of nothing is known")
		}
		near := func(want time.Duration) {
			t.Helper()
			if got, ok := median.Load(); !ok || got < want*7/8 || got > want*9/8 {
				t.Errorf("the median is %v, want about %v", got, want)
			}
		}
		observe := func(n int, d time.Duration) {
			for range n {
				l.Observe(d)
			}
			l.Refresh()
		}
		observe(100, 10*time.Millisecond)
		near(10 * time.Millisecond)
		time.Sleep(time.Second)
		observe(40, time.Millisecond)
		near(10 * time.Millisecond) // 50 against 40
		time.Sleep(time.Second)
		observe(40, time.Millisecond)
		near(time.Millisecond) // 25 against 60
		time.Sleep(time.Minute)
		l.Refresh()
		if got, known := median.Load(); known {
			t.Errorf("the median is %v a minute later", got)
		}
	})
}

func TestATimeoutFollowsTheLatencies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := must(health.NewLatency(health.LatencyOptions{HalfLife: time.Second}))
		v := must(health.NewTimeout(l, health.TimeoutOptions{Factor: 3, Min: 2 * time.Millisecond, Max: time.Second, Initial: 300 * time.Millisecond}))
		if d := v.Value(); d != 300*time.Millisecond {
			t.Errorf("it begins with %v", d)
		}
		// A backend of 1000 requests a second, whose answers take that long. What takes longer than the timeout is given up.
		serve := func(seconds float64, takes time.Duration) {
			for range int(seconds * 1000) {
				time.Sleep(time.Millisecond)
				l.Observe(min(takes, v.Value()))
			}
		}
		between := func(least, most time.Duration) {
			t.Helper()
			if d := v.Value(); d < least || d > most {
				t.Errorf("it is %v, want between %v and %v", d, least, most)
			}
		}
		serve(2, 100*time.Microsecond)
		between(2*time.Millisecond, 2*time.Millisecond)
		serve(2, 5*time.Millisecond)
		between(13*time.Millisecond, 17*time.Millisecond)
		serve(5, 200*time.Millisecond) // ten times the timeout: it grows until that fits
		between(525*time.Millisecond, 675*time.Millisecond)
		serve(5, 10*time.Second) // it hangs
		between(time.Second, time.Second)
		serve(20, 5*time.Millisecond)
		between(13*time.Millisecond, 17*time.Millisecond)
	})
}

func TestAnAttemptEndsWithItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := must(health.NewLatency(health.LatencyOptions{}))
		v := must(health.NewTimeout(l, health.TimeoutOptions{Initial: time.Second}))
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		if d, err := v.Attempt(ctx); d != time.Second || err != nil {
			t.Error(d, err)
		}
		attempt, end := v.WithContext(ctx)
		defer end()
		<-attempt.Done()
		if context.Cause(attempt) != health.ErrAttempt {
			t.Errorf("the cause is %v", context.Cause(attempt))
		}
		if d, err := v.Attempt(ctx); d != 500*time.Millisecond || err != nil {
			t.Error(d, err)
		}
		second, end := v.WithContext(ctx)
		defer end()
		<-second.Done()
		if context.Cause(second) != context.DeadlineExceeded {
			t.Errorf("the cause is %v", context.Cause(second))
		}
		if d, err := v.Attempt(ctx); err == nil {
			t.Errorf("an attempt may take %v behind the deadline", d)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := v.Attempt(ended); err != context.Canceled {
			t.Error(err)
		}
	})
}

func TestAHedgeComesBehindMostAnswers(t *testing.T) {
	l := must(health.NewLatency(health.LatencyOptions{}))
	b := must(health.NewBudget(health.BudgetOptions{Share: .05, PerSecond: -1}))
	h := must(health.NewHedge(l, b, health.HedgeOptions{}))
	if _, ok := h.Delay(); ok || h.Spend() {
		t.Error("nothing is known, and there is a hedge")
	}
	for i := range 1000 {
		b.Deposit()
		l.Observe(time.Duration(i) * time.Millisecond)
	}
	l.Refresh()
	if d, ok := h.Delay(); !ok || d < 900*time.Millisecond || d > time.Second {
		t.Errorf("a hedge comes behind %v", d)
	}
	n := 0
	for h.Spend() {
		n++
	}
	if n != 50 {
		t.Errorf("%d second copies of 1000 requests", n)
	}
}

func TestABackoffGrowsWithinItsBounds(t *testing.T) {
	b := health.Backoff{Min: time.Second, Max: 10 * time.Second, Factor: 3, Jitter: .5}
	for n, most := range []time.Duration{time.Second, 3 * time.Second, 9 * time.Second, 10 * time.Second, 10 * time.Second} {
		low, high := time.Hour, time.Duration(0)
		for range 1000 {
			d := b.Delay(n)
			low, high = min(low, d), max(high, d)
		}
		if low < most/2 || high > most || high-low < most/3 {
			t.Errorf("delay %d is between %v and %v, want between %v and %v", n, low, high, most/2, most)
		}
	}
	b.Jitter = -1
	for _, n := range []int{-1, 0, 1 << 30} {
		if d := b.Delay(n); d != time.Second && d != 10*time.Second {
			t.Errorf("delay %d is %v", n, d)
		}
	}
}
