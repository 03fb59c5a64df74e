package pool_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
)

// names are the backends that the next n connections are to, all given back.
func names(t *testing.T, p *pool.Pool, n int) map[string]int {
	t.Helper()
	got := map[string]int{}
	for range n {
		c := get(t, p)
		got[c.Backend()]++
		p.Put(c)
	}
	return got
}

func of(p *pool.Pool, name string) (s pool.BackendStats) {
	for _, s := range p.Stats().Backends {
		if s.Name == name {
			return s
		}
	}
	return s
}

func TestBackendsAreAddedAndRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startWith(t, &plant{}, backends("a", "b"), nil)
		defer closeNow(t, p)
		if got := names(t, p, 10); got["a"] != 5 || got["b"] != 5 {
			t.Error(got)
		}
		c, d := get(t, p), get(t, p)
		if c.Backend() != "a" {
			c, d = d, c
		}
		if err := p.Apply(backends("b", "c")); err != nil {
			t.Fatal(err)
		}
		if s := of(p, "a"); s.Idle != 0 || s.Draining != 1 {
			t.Errorf("%+v", s)
		}
		p.PutN([]*pool.Conn{c, d})
		if s := p.Stats(); len(s.Backends) != 2 {
			t.Errorf("the removed one is still there: %+v", s)
		}
		if got := names(t, p, 10); got["b"] != 5 || got["c"] != 5 {
			t.Error(got)
		}
		if s := of(p, "b"); s.Opened != 1 {
			t.Errorf("what stayed has lost its connections: %+v", s)
		}
		if err := p.Apply(backends("c")); err != nil {
			t.Fatal(err)
		}
		if got := names(t, p, 10); got["c"] != 10 {
			t.Error(got)
		}
	})
}

func TestWhoWaitsAtARemovedBackendGoesElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startWith(t, &plant{}, backends("a"), func(l *pool.Limits) { l.MaxOpen, l.MaxIdle = 1, 1 })
		defer closeNow(t, p)
		c := get(t, p)
		got := make(chan string)
		go func() {
			c := get(t, p)
			got <- c.Backend()
			p.Put(c)
		}()
		synctest.Wait()
		if err := p.Apply(backends("b")); err != nil {
			t.Fatal(err)
		}
		if name := <-got; name != "b" {
			t.Error(name)
		}
		p.Put(c)
	})
}

func TestADrainedBackendComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reasons []pool.Reason
		p := startWith(t, &plant{}, backends("a", "b"), func(l *pool.Limits) { l.MinIdle = 2 },
			pool.OnClose(func(_ *balance.Member, r pool.Reason, _ time.Duration) { reasons = append(reasons, r) }))
		defer closeNow(t, p)
		time.Sleep(time.Second)
		if err := p.Drain("a", true); err != nil {
			t.Fatal(err)
		}
		if got := names(t, p, 6); got["b"] != 6 {
			t.Error(got)
		}
		time.Sleep(time.Second)
		if s := of(p, "a"); s.Idle != 0 || s.Closed[pool.ReasonRemoved] != 2 || len(reasons) != 2 {
			t.Errorf("%+v, %v", s, reasons)
		}
		if err := p.Drain("a", false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if s := of(p, "a"); s.Idle != 2 {
			t.Errorf("%+v", s)
		}
		if got := names(t, p, 6); got["a"] != 3 {
			t.Error(got)
		}
		if err := p.Drain("x", true); err == nil {
			t.Error("an unknown one was drained")
		}
	})
}

func TestAnotherBackendServesWhenOneCannotBeReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dials, done int
		w := &plant{only: "b:1"}
		p := startWith(t, w, backends("a", "b"), nil,
			pool.OnDial(func(m *balance.Member, took time.Duration, err error) {
				if dials++; (m.Name == "a") != (err != nil) {
					t.Errorf("%s: %v", m.Name, err)
				}
			}),
			pool.OnDone(func(m *balance.Member, _ time.Duration, err error) {
				if done++; (m.Name == "a") != (err != nil) {
					t.Errorf("%s: %v", m.Name, err)
				}
			}))
		defer closeNow(t, p)
		if got := names(t, p, 10); got["b"] != 10 {
			t.Error(got)
		}
		if dials < 2 || done <= 10 {
			t.Errorf("%d dials, %d requests", dials, done)
		}
		for _, m := range p.Members() {
			if n := m.InFlight(); n != 0 {
				t.Errorf("%d in flight to %s", n, m.Name)
			}
		}
	})
}

func TestWhatIsWrongWithAPoolIsSaid(t *testing.T) {
	limits := func(f func(*pool.Limits)) pool.Option {
		l := pool.DefaultLimits
		f(&l)
		return pool.WithLimits(l)
	}
	for want, try := range map[string]func() (*pool.Pool, error){
		"there are 2 backends, more than the 1 of MaxBackends": func() (*pool.Pool, error) {
			return pool.New(backends("a", "b"), balance.RoundRobin(), pool.MaxBackends(1))
		},
		`the address "nowhere" is neither host:port nor unix:path`: func() (*pool.Pool, error) {
			return pool.New([]balance.Backend{{Name: "a", Address: "nowhere"}}, balance.RoundRobin())
		},
		"open connections must be between 1 and 65535, not 0": func() (*pool.Pool, error) {
			return pool.New(backends("a"), balance.RoundRobin(), limits(func(l *pool.Limits) { l.MaxOpen = 0 }))
		},
		"not 5, 3, 128": func() (*pool.Pool, error) {
			return pool.New(backends("a"), balance.RoundRobin(), limits(func(l *pool.Limits) { l.MinIdle, l.MaxIdle = 5, 3 }))
		},
		"shards must be a power of two": func() (*pool.Pool, error) {
			return pool.New(backends("a"), balance.RoundRobin(), pool.Shards(3))
		},
	} {
		if _, err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %q", err, want)
		}
	}
	p := startWith(t, &plant{}, backends("a"), nil, pool.MaxBackends(1))
	if err := p.Apply(backends("a", "b")); err == nil {
		t.Error("more backends than MaxBackends were applied")
	}
	closeNow(t, p)
	if err := p.Apply(backends("a")); !errors.Is(err, pool.ErrClosed) {
		t.Error(err)
	}
}
