package health_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pool/health"
)

// Checks go together, as far as the interval allows and no further: rounds neither keep step with a clock nor gather all targets.
func TestRoundsAreFewIrregularAndEven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		began := map[string][]time.Time{}
		m := monitor(t, health.Func(func(_ context.Context, a string) error {
			mu.Lock()
			defer mu.Unlock()
			began[a] = append(began[a], time.Now())
			return nil
		}), health.MonitorOptions{})
		var targets []health.Target
		for i := range 100 {
			targets = append(targets, health.Target{Name: fmt.Sprint(i), Address: fmt.Sprint(i)})
		}
		apply(t, m, targets...)
		run(t, m)
		time.Sleep(5 * time.Minute)
		mu.Lock()
		defer mu.Unlock()
		together := map[time.Time]int{}
		for a, times := range began {
			for i, at := range times {
				together[at]++
				if i > 0 && (at.Sub(times[i-1]) > time.Second || at.Sub(times[i-1]) < 900*time.Millisecond) {
					t.Fatalf("%v between two checks of %s", at.Sub(times[i-1]), a)
				}
			}
		}
		if n := len(together); n < 4*300 || n > 4*300*11/9 {
			t.Errorf("%d rounds in 300 intervals", n)
		}
		var rounds []time.Time
		for at, n := range together {
			if rounds = append(rounds, at); n > 50 {
				t.Errorf("%d checks in a round", n)
			}
		}
		slices.SortFunc(rounds, time.Time.Compare)
		lengths := map[time.Duration]bool{}
		for i := 1; i < len(rounds); i++ {
			lengths[rounds[i].Sub(rounds[i-1])] = true
		}
		if len(lengths) < 1000 {
			t.Errorf("%d different times between rounds", len(lengths))
		}
	})
}
