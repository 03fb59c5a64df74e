package pool_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pool"
)

func TestTheFloorIsDialedAndKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &plant{delay: 20 * time.Millisecond}
		p := start(t, w, func(l *pool.Limits) { l.MinIdle = 5 })
		defer closeNow(t, p)
		time.Sleep(50 * time.Millisecond)
		if s := one(t, p); s.Idle != 5 {
			t.Fatalf("%+v", s)
		}
		c := get(t, p)
		time.Sleep(50 * time.Millisecond)
		if s := one(t, p); s.Idle != 5 || s.InUse != 1 {
			t.Errorf("the floor was not filled while one was in use: %+v", s)
		}
		p.Put(c)
	})
}

func TestAnIdleConnectionIsClosedInTimeAndTheFloorRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &plant{}
		p := start(t, w, func(l *pool.Limits) { l.MinIdle, l.IdleTimeout = 1, time.Minute }, pool.Shards(1))
		defer closeNow(t, p)
		a, b, c := get(t, p), get(t, p), get(t, p)
		p.PutN([]*pool.Conn{a, b, c})
		time.Sleep(44 * time.Second)
		if s := one(t, p); s.Idle < 3 || len(s.Closed) > 0 {
			t.Fatalf("closed too early: %+v", s)
		}
		time.Sleep(17 * time.Second)
		if s := one(t, p); s.Idle != 1 || s.Closed[pool.ReasonIdle] < 3 {
			t.Errorf("%+v", s)
		}
		used := get(t, p)
		time.Sleep(2 * time.Minute)
		p.Put(used)
		again := get(t, p)
		if again != used {
			t.Error("the time in use has counted as idle")
		}
		p.Put(again)
	})
}

func TestExpiryDoesNotInterruptAUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &plant{}
		p := start(t, w, func(l *pool.Limits) { l.MaxLifetime, l.LifetimeJitter = time.Minute, .5 })
		defer closeNow(t, p)
		used, idle := get(t, p), get(t, p)
		p.Put(idle)
		time.Sleep(61 * time.Second)
		s := one(t, p)
		if s.Closed[pool.ReasonLifetime] != 1 || s.Draining != 1 || s.InUse != 0 || s.Idle != 0 {
			t.Fatalf("%+v", s)
		}
		if d := s.Lifetime.Max; d < 28*time.Second || d > 64*time.Second {
			t.Errorf("it lived for %v", d)
		}
		go func() { w.far[0].Write([]byte("x")) }()
		var b [1]byte
		if _, err := used.Read(b[:]); err != nil {
			t.Errorf("a connection in use was closed: %v", err)
		}
		p.Put(used)
		if s := one(t, p); s.Closed[pool.ReasonLifetime] != 2 || s.Draining != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestDialsBackOffAndRecover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &plant{err: errRefused}
		p := start(t, w, func(l *pool.Limits) { l.Backoff, l.MaxBackoff = 100*time.Millisecond, time.Second })
		defer closeNow(t, p)
		began := time.Now()
		_, err := p.Get(t.Context())
		var dial *pool.DialError
		if !errors.As(err, &dial) || !errors.Is(err, errRefused) {
			t.Fatal(err)
		}
		_, err = p.Get(t.Context())
		var back *pool.BackoffError
		if !errors.As(err, &back) || !errors.Is(err, errRefused) {
			t.Fatal(err)
		}
		if d := back.Until.Sub(began); d < 50*time.Millisecond || d > 100*time.Millisecond {
			t.Errorf("it is dialed again after %v", d)
		}
		if n := w.dialed(); n != 1 {
			t.Errorf("%d dials", n)
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("the errors took %v", d)
		}
		for range 20 {
			time.Sleep(time.Second)
			p.Get(t.Context())
		}
		w.set(func(w *plant) { w.err = nil })
		time.Sleep(time.Second)
		p.Put(get(t, p))
		if s := one(t, p); s.Failed != 21 || s.Opened != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// While something is in use, whoever waits is served by that although dials fail.
func TestAFailedDialDoesNotCostThoseWhoWaitForAPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &plant{}
		p := start(t, w, nil)
		defer closeNow(t, p)
		c := get(t, p)
		w.set(func(w *plant) { w.err = errRefused })
		got := make(chan error)
		go func() {
			c, err := p.Get(t.Context())
			if err == nil {
				p.Put(c)
			}
			got <- err
		}()
		time.Sleep(time.Second)
		p.Put(c)
		if err := <-got; err != nil {
			t.Error(err)
		}
	})
}

// When the last hope is gone, all who wait are told.
func TestAllWhoWaitAreToldThatNothingWillCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &plant{delay: time.Second, err: errRefused}
		p := start(t, w, func(l *pool.Limits) { l.MaxOpen, l.MaxIdle = 3, 3 })
		defer closeNow(t, p)
		began := time.Now()
		errs := make(chan error)
		for range 100 {
			go func() {
				_, err := p.Get(t.Context())
				errs <- err
			}()
		}
		for range 100 {
			if err := <-errs; !errors.Is(err, errRefused) {
				t.Fatal(err)
			}
		}
		if d := time.Since(began); d > 2*time.Second {
			t.Errorf("it took %v", d)
		}
	})
}

func TestDialsAtATimeAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &plant{delay: time.Second}
		p := start(t, w, func(l *pool.Limits) { l.MaxDials = 3 })
		defer closeNow(t, p)
		done := make(chan *pool.Conn)
		for range 12 {
			go func() { done <- get(t, p) }()
		}
		began := time.Now()
		for range 12 {
			defer p.Put(<-done)
		}
		if d := time.Since(began); d != 4*time.Second || w.busiest() != 3 {
			t.Errorf("%v, %d at a time", d, w.busiest())
		}
	})
}

func TestADialIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &plant{delay: time.Hour}
		p := start(t, w, nil)
		defer closeNow(t, p)
		began := time.Now()
		if _, err := p.Get(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if d := time.Since(began); d != pool.DefaultLimits.DialTimeout {
			t.Error(d)
		}
	})
}

// Whoever leaves does not take along the connection that was dialed for him, nor one that was given back.
func TestWhoeverStopsWaitingLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &plant{delay: 2 * time.Second}
		p := start(t, w, func(l *pool.Limits) { l.MaxOpen, l.MaxIdle = 1, 1 })
		defer closeNow(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Get(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		if s := one(t, p); s.Idle != 1 || s.Waiting != 0 {
			t.Fatalf("%+v", s)
		}
		c := get(t, p)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Get(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		p.Put(c)
		if s := one(t, p); s.Idle != 1 || s.Opened != 1 || s.Wait.Count != 2 {
			t.Errorf("%+v", s)
		}
	})
}

func TestTheUtilisationIsThatOverTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, &plant{}, nil)
		defer closeNow(t, p)
		a, b := get(t, p), get(t, p)
		p.Put(b)
		time.Sleep(10 * time.Second)
		if u := one(t, p).Utilisation; u < .49 || u > .51 {
			t.Error(u)
		}
		p.Put(a)
		time.Sleep(10 * time.Second)
		if u := one(t, p).Utilisation; u < .24 || u > .26 {
			t.Error(u)
		}
	})
}

func TestCloseWaitsForThoseInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, &plant{}, func(l *pool.Limits) { l.MaxOpen, l.MaxIdle = 2, 2 })
		c, d := get(t, p), get(t, p)
		waiting := make(chan error)
		go func() {
			_, err := p.Get(t.Context())
			waiting <- err
		}()
		synctest.Wait()
		closed := make(chan error)
		go func() { closed <- p.Close(t.Context()) }()
		if err := <-waiting; !errors.Is(err, pool.ErrClosed) {
			t.Error(err)
		}
		time.Sleep(time.Second)
		p.Put(c)
		synctest.Wait()
		select {
		case err := <-closed:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
		d.Discard(pool.ReasonProtocol)
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if _, err := p.Get(t.Context()); !errors.Is(err, pool.ErrClosed) {
			t.Error(err)
		}
	})
}

func TestCloseCutsThoseInUseWhenItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, &plant{}, nil)
		c := get(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("it can still be read")
		}
		p.Put(c)
		if s := one(t, p); s.Closed[pool.ReasonClosed] != 1 {
			t.Errorf("%+v", s.Closed)
		}
	})
}

func TestWarmWaitsForTheFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &plant{delay: 20 * time.Millisecond}
		p := startWith(t, w, backends("a", "b"), func(l *pool.Limits) { l.MinIdle, l.MaxDials = 20, 10 })
		defer closeNow(t, p)
		began := time.Now()
		if err := p.Warm(t.Context()); err != nil {
			t.Error(err)
		}
		if d := time.Since(began); d < 40*time.Millisecond || d > 80*time.Millisecond {
			t.Error(d)
		}
		for _, s := range p.Stats().Backends {
			if s.Idle != 20 {
				t.Errorf("%+v", s)
			}
		}
	})
}

func TestWarmSaysWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, &plant{err: errRefused}, func(l *pool.Limits) { l.MinIdle = 2 })
		defer closeNow(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		err := p.Warm(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errRefused) || !strings.Contains(err.Error(), "backend a has 0 of 2") {
			t.Error(err)
		}
	})
}
