package load

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestNobodyListeningIsOneErrorThatNamesTheAddress(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		l.Close()
		_, err = Run(t.Context(), Config{Driver: d, Address: addr, Conns: 1000, Requests: 1})
		if err == nil || !strings.HasPrefix(err.Error(), "load: cannot connect to "+addr+": ") {
			t.Errorf("got %v", err)
		}
	})
}

// failing is a Dial of which those attempts fail for which fail returns true.
func failing(fail func(attempt int64) bool) func(context.Context, string, string) (net.Conn, error) {
	var attempts atomic.Int64
	good := pipes(echo)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if fail(attempts.Add(1)) {
			return nil, errors.New("too many open files")
		}
		return good(ctx, network, address)
	}
}

func TestAFewFailedDialsAreCountedAndTheRunGoesOn(t *testing.T) {
	res := mustRun(t, Config{Address: "pipe", Conns: 10, Requests: 100, Dial: failing(func(n int64) bool { return n > 8 })})
	if e := errorsOf(res, DialFailed); res.Conns != 8 || res.OK != 100 || e.Count != 2 || e.Example != "too many open files" {
		t.Errorf("got %+v", res)
	}
}

func TestTheScheduleIsThatOfTheConnectionsThatOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		res := mustRun(t, Config{
			Address: "pipe", Conns: 10, Rate: 100, Duration: time.Second, Dial: failing(func(n int64) bool { return n > 8 }),
		})
		if res.OK != 100 || res.Latency.Max > minNap {
			t.Errorf("got %+v", res)
		}
	})
}

func TestManyFailedDialsEndTheRun(t *testing.T) {
	_, err := Run(t.Context(), Config{Address: "pipe", Conns: 5000, Requests: 100, Dial: failing(func(n int64) bool { return n > 100 })})
	if err == nil || err.Error() != "load: connecting to pipe was given up with 100 of 5000 connections open: too many open files" {
		t.Errorf("got %v", err)
	}
}

func TestADialIsGivenUpAfterItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		began := time.Now()
		_, err := Run(t.Context(), Config{Address: "pipe", Conns: 5000, Requests: 1, Dial: hang})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}

func TestDialsAreBoundedAndTheFirstIsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		good, began := pipes(echo), time.Now()
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(time.Second)
			if n := now.Load(); n > 1 && time.Since(began) == time.Second {
				t.Errorf("%d dials along with the first", n)
			}
			return good(ctx, network, address)
		}
		mustRun(t, Config{Address: "pipe", Conns: 1 + 3*dialsAtOnce, Requests: 1, Dial: dial})
		if most.Load() != dialsAtOnce {
			t.Errorf("%d dials at once", most.Load())
		}
	})
}

func TestCancelEndsTheDialing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		good, first := pipes(echo), true
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			if first {
				first = false
				return good(ctx, network, address)
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		began := time.Now()
		_, err := Run(ctx, Config{Address: "pipe", Conns: 3, Requests: 1, Dial: dial})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}
