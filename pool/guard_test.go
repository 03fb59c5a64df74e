//go:build linux

package pool_test

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/health"
)

func guarded(t testing.TB, g pool.Guard, traffic pool.Traffic, addrs ...string) *pool.Pool {
	t.Helper()
	traffic.Refusal = refusal
	limits := pool.DefaultLimits
	limits.Backoff, limits.MaxBackoff = 5*time.Millisecond, 50*time.Millisecond
	up, err := pool.New(servers(addrs...), balance.RoundRobin(), pool.WithTraffic(traffic), pool.WithLimits(limits), pool.WithGuard(g))
	if err != nil {
		t.Fatal(err)
	}
	return up
}

// eventually waits until f holds.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for began := time.Now(); !f(); time.Sleep(time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("it never happens that %s", what)
		}
	}
}

// A server that dies gets no more requests once a check has found that out, and gets some again when it is back.
func TestAServerThatDiesIsLeftAloneUntilItIsBack(t *testing.T) {
	dies, stays := newFake(t, nil), newFake(t, nil)
	up := guarded(t, pool.Guard{
		Check:   health.TCP(),
		Monitor: health.MonitorOptions{Interval: 50 * time.Millisecond, Dead: 50 * time.Millisecond, Fall: 1, Rise: 1},
	}, pool.Traffic{}, dies.addr(), stays.addr())
	addr := proxy(t, up)
	member := up.Members()[0]
	if all := crowd(t, addr, 4, 50, 1, nil); all.answered != 200 || dies.requests.Load() == 0 {
		t.Fatalf("%d answered, %d by the first", all.answered, dies.requests.Load())
	}
	dies.close()
	eventually(t, "it is down", func() bool { return !member.Available() })
	if all := crowd(t, addr, 4, 50, 1, nil); all.refused != 0 {
		t.Errorf("refused although a server is well: %v", all.texts)
	}
	ln, err := net.Listen("tcp", dies.addr())
	if err != nil {
		t.Skipf("another program has taken the port: %v", err)
	}
	back := serveFake(t, ln, nil)
	eventually(t, "it is up", member.Available)
	if all := crowd(t, addr, 4, 50, 1, nil); all.refused != 0 || back.requests.Load() == 0 {
		t.Errorf("refused %v, %d answered by the one that is back", all.texts, back.requests.Load())
	}
}

// A server that comes back is given little at first, and its share when the slow start is over.
func TestAServerThatIsBackStartsSlowly(t *testing.T) {
	dies, stays := newFake(t, nil), newFake(t, nil)
	began := time.Now()
	var passed atomic.Int64
	limits := pool.DefaultLimits
	limits.Backoff, limits.MaxBackoff = 5*time.Millisecond, 50*time.Millisecond
	up, err := pool.New(servers(dies.addr(), stays.addr()), balance.Weighted(), pool.WithLimits(limits),
		pool.WithTraffic(pool.Traffic{Refusal: refusal}),
		pool.WithGuard(pool.Guard{
			Check:   health.TCP(),
			Monitor: health.MonitorOptions{Interval: 50 * time.Millisecond, Dead: 50 * time.Millisecond, Fall: 1, Rise: 1},
		}),
		pool.Balance(balance.Options{SlowStart: time.Hour, Now: func() time.Time { return began.Add(time.Duration(passed.Load())) }}))
	if err != nil {
		t.Fatal(err)
	}
	passed.Store(int64(2 * time.Hour)) // the start of both is over
	addr := proxy(t, up)
	member := up.Members()[0]
	dies.close()
	eventually(t, "it is down", func() bool { return !member.Available() })
	ln, err := net.Listen("tcp", dies.addr())
	if err != nil {
		t.Skipf("another program has taken the port: %v", err)
	}
	back := serveFake(t, ln, nil)
	eventually(t, "it is up", member.Available)
	share := func() int64 {
		before := back.requests.Load()
		if all := crowd(t, addr, 4, 100, 1, nil); all.refused != 0 {
			t.Errorf("refused %v", all.texts)
		}
		return back.requests.Load() - before
	}
	if n := share(); n > 400/4 {
		t.Errorf("at first it is given %d of 400 requests", n)
	}
	passed.Add(int64(time.Hour))
	if n := share(); n < 400/3 {
		t.Errorf("when the start is over it is given %d of 400 requests", n)
	}
}

// A backend that fails each request is given a rest, and then tried by a few.
func TestABreakerSparesABackendThatFails(t *testing.T) {
	fails := newFake(t, func(int, int, io.Writer, []byte) bool { return false })
	well := newFake(t, nil)
	up := guarded(t, pool.Guard{Breaker: &health.BreakerOptions{InARow: 3, Open: health.Backoff{Min: time.Hour, Max: time.Hour}}},
		pool.Traffic{}, fails.addr(), well.addr())
	all := crowd(t, proxy(t, up), 1, 200, 1, nil)
	if all.refused != 3 || all.answered != 197 || fails.requests.Load() != 3 {
		t.Errorf("%d refused, %d answered, %d requests at the one that fails", all.refused, all.answered, fails.requests.Load())
	}
	up = guarded(t, pool.Guard{Breaker: &health.BreakerOptions{InARow: 3, Open: health.Backoff{Min: time.Hour, Max: time.Hour}}},
		pool.Traffic{}, fails.addr())
	all = crowd(t, proxy(t, up), 1, 20, 1, nil)
	rests := 0
	for text, n := range all.texts {
		if strings.Contains(text, "is given a rest") {
			rests += n
		}
	}
	if rests != 17 {
		t.Errorf("with nobody else it says %v", all.texts)
	}
}

// Failures that the traffic meets eject a backend, as far as others are left.
func TestTrafficEjectsABackendThatFails(t *testing.T) {
	fails := newFake(t, func(int, int, io.Writer, []byte) bool { return false })
	up := guarded(t, pool.Guard{Outlier: &health.OutlierOptions{InARow: 3}}, pool.Traffic{}, fails.addr(), newFake(t, nil).addr())
	all := crowd(t, proxy(t, up), 1, 200, 1, nil)
	if all.refused != 3 || all.answered != 197 || up.Members()[0].Available() {
		t.Errorf("%d refused, %d answered", all.refused, all.answered)
	}
}

// The timeout follows what the answers take, so one that hangs is found long before the limit for all.
func TestTheTimeoutFollowsTheAnswers(t *testing.T) {
	hangs := newFake(t, func(_, i int, w io.Writer, reply []byte) bool {
		if i == 200 {
			time.Sleep(3 * time.Second)
		}
		_, err := w.Write(reply)
		return err == nil
	})
	up := guarded(t, pool.Guard{Timeout: &health.TimeoutOptions{Min: 500 * time.Millisecond, Max: 20 * time.Second}}, pool.Traffic{}, hangs.addr())
	all := crowd(t, proxy(t, up), 1, 250, 1, nil)
	if all.refused != 1 || all.slowest > 2*time.Second {
		t.Errorf("%d refused, the slowest after %v", all.refused, all.slowest)
	}
}

// What the traffic meets is followed by a check at once: the next regular one is an hour away.
func TestAServerThatIsKilledUnderTrafficIsOutLongBeforeItsNextCheck(t *testing.T) {
	guard := pool.Guard{Check: health.Ping(health.Credentials{}), Monitor: health.MonitorOptions{Interval: time.Hour}}
	t.Run("forwarded", func(t *testing.T) {
		dies, stays := newFake(t, nil), newFake(t, nil)
		up := guarded(t, guard, pool.Traffic{}, dies.addr(), stays.addr())
		addr := proxy(t, up)
		member := up.Members()[0]
		crowd(t, addr, 4, 50, 1, nil)
		dies.close()
		eventually(t, "it is down", func() bool {
			crowd(t, addr, 1, 2, 1, nil)
			return !member.Available()
		})
		if !up.Members()[1].Available() {
			t.Error("the other is down as well")
		}
	})
	t.Run("gotten", func(t *testing.T) {
		dies, stays := newFake(t, nil), newFake(t, nil)
		up := guarded(t, guard, pool.Traffic{}, dies.addr(), stays.addr())
		defer closeNow(t, up)
		member := up.Members()[0]
		dies.close()
		eventually(t, "it is down", func() bool {
			up.Put(get(t, up))
			return !member.Available()
		})
	})
}
