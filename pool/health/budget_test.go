package health_test

import (
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/leat-io/leat/pool/health"
)

func TestABudgetIsAShareOfTheRequestsAndAFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := must(health.NewBudget(health.BudgetOptions{Share: .25, PerSecond: 2, Window: 10 * time.Second}))
		drain := func() (n int) {
			for b.Withdraw() {
				n++
			}
			return n
		}
		if n := drain(); n != 20 {
			t.Errorf("%d without a request, want 20", n)
		}
		for range 100 {
			b.Deposit()
		}
		if n := drain(); n != 25 || b.Left() != 0 {
			t.Errorf("%d of 100 requests, want 25", n)
		}
		time.Sleep(11 * time.Second)
		if n := drain(); n != 20 {
			t.Errorf("%d when all that is over, want 20", n)
		}
	})
}

// Whatever happens, no window has more withdrawals than it has room for.
func TestNoWindowIsOverdrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(0, 0)
		o := health.BudgetOptions{Share: rapid.Float64Range(.01, 1).Draw(t, "share"), PerSecond: rapid.Float64Range(.1, 5).Draw(t, "per second"), Window: 10 * time.Second}
		o.Now = func() time.Time { return now }
		b := must(health.NewBudget(o))
		var requests, withdrawn []time.Time
		t.Repeat(map[string]func(*rapid.T){
			"deposit": func(t *rapid.T) {
				for range rapid.IntRange(1, 30).Draw(t, "n") {
					b.Deposit()
					requests = append(requests, now)
				}
			},
			"withdraw": func(t *rapid.T) {
				for range rapid.IntRange(1, 30).Draw(t, "n") {
					if b.Withdraw() {
						withdrawn = append(withdrawn, now)
					}
				}
			},
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond)
			},
			"": func(t *rapid.T) {
				in := func(all []time.Time, d time.Duration) (n float64) {
					for _, at := range all {
						if now.Sub(at) < d {
							n++
						}
					}
					return n
				}
				// Requests are dated when the budget is next asked, up to an age that nobody bounds here: count all of them.
				if got, most := in(withdrawn, 9*time.Second), o.PerSecond*10+o.Share*float64(len(requests)); got > most+.001 {
					t.Fatalf("%v withdrawals in a window that has room for %v", got, most)
				}
			},
		})
	})
}
