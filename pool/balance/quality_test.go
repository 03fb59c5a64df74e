package balance_test

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/balance/balancetest"
)

// A job is a request under way.
type job struct {
	member     *balance.Member
	begun, end time.Time
}

type jobs []job

func (j jobs) Len() int           { return len(j) }
func (j jobs) Less(a, b int) bool { return j[a].end.Before(j[b].end) }
func (j jobs) Swap(a, b int)      { j[a], j[b] = j[b], j[a] }
func (j *jobs) Push(x any)        { *j = append(*j, x.(job)) }
func (j *jobs) Pop() any {
	last := (*j)[len(*j)-1]
	*j = (*j)[:len(*j)-1]
	return last
}

// simulate sends 20 000 requests to ten members, one of which takes 20 ms for what takes others 1 ms, each serving one at a time.
// Together they are half as busy as they could be. It returns what part went to the slow one, and the mean latency.
func simulate(t *testing.T, p balance.Policy) (slow float64, mean time.Duration) {
	r := newRig(t, p, balance.Options{}, balancetest.Backends(1, 1, 1, 1, 1, 1, 1, 1, 1, 1)...)
	random := rand.New(rand.NewPCG(3, 4))
	free := map[*balance.Member]time.Time{} // when a member has done what it was sent
	var open jobs
	const requests = 20_000
	var total time.Duration
	sent := 0
	for i := range requests {
		r.clock = r.clock.Add(time.Duration(random.ExpFloat64() * float64(time.Millisecond) / 4.5))
		for len(open) > 0 && !open[0].end.After(r.clock) {
			j := heap.Pop(&open).(job)
			now := r.clock
			r.clock = j.end
			j.member.End(j.end.Sub(j.begun), false)
			r.clock = now
			total += j.end.Sub(j.begun)
		}
		m := r.pick(balance.Request{Key: uint64(i)})
		m.Begin()
		took := time.Duration((0.5 + random.Float64()) * float64(time.Millisecond))
		if m.Name == "c" {
			took *= 20
			sent++
		}
		begins := r.clock
		if free[m].After(begins) {
			begins = free[m]
		}
		free[m] = begins.Add(took)
		heap.Push(&open, job{m, r.clock, free[m]})
	}
	for _, j := range open {
		total += j.end.Sub(j.begun)
	}
	return float64(sent) / requests, total / requests
}

// A member that is twenty times slower is due about 0.6 % of the requests; in turn it gets 10 %, and ever more wait for it.
func TestLoadGoesAroundASlowMember(t *testing.T) {
	_, inTurn := simulate(t, balance.RoundRobin())
	for _, c := range []struct {
		policy balance.Policy
		share  float64
		mean   time.Duration
	}{
		{balance.LeastConn(), 0.02, 2 * time.Millisecond},
		{balance.P2C(), 0.04, 4 * time.Millisecond},
		{balance.PeakEWMA(), 0.01, 3 * time.Millisecond},
	} {
		slow, mean := simulate(t, c.policy)
		t.Logf("%v: %.2f %% to the slow one, mean latency %v; in turn %v", c.policy, slow*100, mean, inTurn)
		if slow > c.share || mean > c.mean || mean*20 > inTurn {
			t.Errorf("%v: %.1f %% of the requests went to a slow member, and a request took %v; in turn it took %v", c.policy, slow*100, mean, inTurn)
		}
	}
}

// A slow member that has become fast is used again, by and by.
func TestPeakEWMAForgives(t *testing.T) {
	r := newRig(t, balance.PeakEWMA(balance.Decay(time.Second)), balance.Options{}, balancetest.Backends(1, 1)...)
	a, b := r.Member("a"), r.Member("b")
	use := func(m *balance.Member, took time.Duration, failed bool) {
		m.Begin()
		m.End(took, failed)
	}
	share := func() float64 {
		return r.share(1000, func(m *balance.Member) bool { return m == a })
	}
	use(a, time.Millisecond, false)
	use(b, time.Millisecond, false)
	if s := share(); s < 0.4 || s > 0.6 {
		t.Errorf("a got %v of the picks when both were as fast", s)
	}
	use(a, 100*time.Millisecond, false)
	if s := share(); s != 0 {
		t.Errorf("a got %v of the picks when it had been slow", s)
	}
	for range 60 {
		r.clock = r.clock.Add(100 * time.Millisecond)
		use(b, time.Millisecond, false)
	}
	if s := share(); s == 0 {
		t.Error("a was slow once and is never tried again")
	}
	for range 20 { // it fails at once each time
		use(a, time.Microsecond, true)
	}
	if s := share(); s != 0 {
		t.Errorf("a got %v of the picks when it had failed", s)
	}
}

// Whoever has requests in flight and has never answered is not sent more.
func TestPeakEWMADoesNotTrustTheSilent(t *testing.T) {
	r := newRig(t, balance.PeakEWMA(), balance.Options{}, balancetest.Backends(1, 1, 1)...)
	a, b := r.Member("a"), r.Member("b")
	a.Begin()
	b.Begin()
	b.End(time.Second, false)
	if s := r.share(1000, func(m *balance.Member) bool { return m == a }); s != 0 {
		t.Errorf("a got %v of the picks", s)
	}
}
