package balance_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// Of ten members that serve alike, none gets more than another in the long run, though some latencies are peaks. What
// PeakEWMA makes of those lasts for its decay time: in a tenth of that, shares are up to a third apart.
func TestEqualsGetEqualShares(t *testing.T) {
	for _, p := range []balance.Policy{balance.PeakEWMA(), balance.LeastConn(), balance.P2C()} {
		for _, c := range []struct {
			jitter  float64
			seconds int
			most    float64
		}{{0, 2, .03}, {.1, 20, .06}} {
			if off := offEqual(t, p, c.jitter, time.Duration(c.seconds)*time.Second); off > c.most {
				t.Errorf("%v, with a jitter of %v: a member is %v off its share", p, c.jitter, off)
			}
		}
	}
}

// offEqual has 32 users make requests of 1 ms and some jitter, and returns how far a member is off its share at most.
func offEqual(t *testing.T, p balance.Policy, jitter float64, length time.Duration) (most float64) {
	now := time.Unix(0, 0)
	var backends []balance.Backend
	for i := range 10 {
		backends = append(backends, balance.Backend{Name: fmt.Sprint(i), Address: fmt.Sprintf("a:%d", 1+i)})
	}
	s, err := balance.NewSet(p, backends, balance.Options{Seed: 1, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	latency := func() time.Duration {
		if jitter > 0 && random.IntN(1000) == 0 {
			return 5 * time.Millisecond
		}
		return time.Duration((1 + jitter*random.ExpFloat64()) * float64(time.Millisecond))
	}
	type user struct {
		m          *balance.Member
		began, end time.Time
	}
	var users [32]user
	counts := map[*balance.Member]float64{}
	total := 0.0
	for i := range users {
		users[i].end = now.Add(time.Duration(i) * 30 * time.Microsecond)
	}
	for stop := now.Add(length); now.Before(stop); {
		u := &users[0]
		for i := range users {
			if users[i].end.Before(u.end) {
				u = &users[i]
			}
		}
		if now = u.end; u.m != nil {
			u.m.End(now.Sub(u.began), false)
		}
		if u.m, err = s.Pick(balance.Request{}); err != nil {
			t.Fatal(err)
		}
		u.m.Begin()
		u.began, u.end = now, now.Add(latency())
		counts[u.m]++
		total++
	}
	for _, m := range s.Members() {
		most = max(most, math.Abs(counts[m]*10/total-1))
	}
	return most
}
