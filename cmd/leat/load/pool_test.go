package load

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// counted counts the connections that a handler gets.
func counted(n *atomic.Int64, handle func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) { n.Add(1); handle(c) }
}

func TestUsersShareThePooledConnections(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		var conns atomic.Int64
		addr := listen(t, counted(&conns, echo))
		for name, cfg := range map[string]Config{
			"closed": {Conns: 20, Pool: new(3), Requests: 500},
			"deep":   {Conns: 20, Pool: new(3), Depth: 7, Requests: 500},
			"open":   {Conns: 20, Pool: new(3), Requests: 500, Rate: 5000},
			"large":  {Conns: 4, Pool: new(3), Message: 100_000, Requests: 500},
		} {
			conns.Store(0)
			cfg.Driver, cfg.Address = d, addr
			res := mustRun(t, cfg)
			if res.OK != 500 || res.Users != cfg.Conns || res.Conns != 3 || res.ConnsLost != 0 || *res.Pool != 3 || conns.Load() != 3 {
				t.Errorf("%s: the server saw %d connections, got %+v", name, conns.Load(), res)
			}
		}
	})
}

func TestWithoutAPoolEveryRequestHasAConnectionOfItsOwn(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		var conns atomic.Int64
		addr := listen(t, counted(&conns, echo))
		for _, rate := range []float64{0, 1000} {
			conns.Store(0)
			res := mustRun(t, Config{Driver: d, Address: addr, Conns: 4, Pool: new(0), Requests: 100, Rate: rate})
			if res.OK != 100 || res.Conns != 100 || conns.Load() != 101 { // and one that looks whether somebody listens
				t.Errorf("the server saw %d connections, got %+v", conns.Load(), res)
			}
			if res.Connect.Mean <= 0 || res.Connect.P50 > res.Connect.Max {
				t.Errorf("connect %+v", res.Connect)
			}
		}
	})
}

// Two users want one connection whose server takes 10 ms: each waits for the other. To open one takes 5 ms.
func TestTheTimeToGetAConnectionIsShownApart(t *testing.T) {
	slowly := func(ctx context.Context, network, address string) (net.Conn, error) {
		time.Sleep(5 * time.Millisecond)
		return pipes(slow(1, 10*time.Millisecond))(ctx, network, address)
	}
	synctest.Test(t, func(t *testing.T) {
		res := mustRun(t, Config{Address: "pipe", Dial: slowly, Conns: 2, Pool: new(1), Requests: 100})
		near(t, "p50 to connect with a pool", res.Connect.P50, 10*time.Millisecond)
		near(t, "latency with a pool", res.Latency.P50, 20*time.Millisecond)
	})
	synctest.Test(t, func(t *testing.T) {
		res := mustRun(t, Config{Address: "pipe", Dial: slowly, Conns: 2, Pool: new(0), Requests: 100})
		near(t, "mean to connect without a pool", res.Connect.Mean, 5*time.Millisecond)
		near(t, "latency without a pool", res.Latency.Mean, 15*time.Millisecond)
	})
	synctest.Test(t, func(t *testing.T) {
		res := mustRun(t, Config{Address: "pipe", Dial: slowly, Conns: 2, Pool: new(0), Requests: 100, Rate: 10})
		near(t, "latency of an open loop without a pool", res.Latency.Mean, 15*time.Millisecond)
		near(t, "its service", res.Open.Service.Mean, 10*time.Millisecond)
	})
	synctest.Test(t, func(t *testing.T) {
		res := mustRun(t, Config{Address: "pipe", Dial: slowly, Conns: 2, Requests: 100})
		near(t, "mean to connect of connections that stay", res.Connect.Mean, 5*time.Millisecond)
	})
}

func TestAPooledConnectionThatIsLostCostsItsRequestsAndIsOpenedAgain(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		var conns atomic.Int64
		addr := listen(t, counted(&conns, func(c net.Conn) {
			r := bufio.NewReader(c)
			for range 10 {
				frame, err := readFrame(r)
				if err != nil {
					return
				}
				if _, err := c.Write(frame); err != nil {
					return
				}
			}
			_, _ = readFrame(r)
		}))
		for _, pool := range []int{1, 3} {
			conns.Store(0)
			res := mustRun(t, Config{Driver: d, Address: addr, Conns: 3, Pool: &pool, Requests: 110})
			if res.OK < 90 || res.Unanswered == 0 || res.OK+res.Unanswered != 110 || int64(res.ConnsLost) != res.Unanswered || int64(res.Conns) != conns.Load() {
				t.Errorf("got %+v", res)
			}
			if e := errorsOf(res, EOF); e.Count != res.Unanswered || !strings.HasPrefix(e.Example, "user ") {
				t.Errorf("got %+v", res.Errors)
			}
		}
	})
}

func TestAConnectionWithARestOfAWrongReplyGoesNotBackIntoThePool(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		addr := listen(t, framed(func(i int, frame []byte) []byte {
			if i == 4 {
				return append([]byte("\x00\x00\x00\x50"), frame[:10]...) // the rest never comes
			}
			return frame
		}))
		res := mustRun(t, Config{Driver: d, Address: addr, Conns: 2, Pool: new(1), Requests: 20, Timeout: time.Second})
		if res.Mismatched < 2 || res.Conns < int(res.Mismatched) || res.Conns > int(res.Mismatched)+1 || res.OK+res.Mismatched != 20 {
			t.Errorf("got %+v", res)
		}
	})
}

func TestPortsThatAreUsedUpAreToldWithWhatToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dials atomic.Int64
		good := pipes(echo)
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			if n := dials.Add(1); n > 50 && n <= 60 {
				return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)}
			}
			return good(ctx, network, address)
		}
		res := mustRun(t, Config{Address: "pipe", Dial: dial, Conns: 2, Pool: new(0), Requests: 200})
		e := errorsOf(res, NoPort)
		if res.OK != 190 || res.Unsent != 10 || e.Count != 10 || !strings.Contains(e.Example, "no local port is left towards pipe") || !strings.Contains(e.Example, "--pool") {
			t.Errorf("got %+v", res)
		}
		if res.Elapsed < 5*firstPause {
			t.Errorf("the users did not wait: it took %v", res.Elapsed)
		}
	})
}

func TestCancelEndsPooledUsersAndIsNoErrorOfTheServer(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		for name, cfg := range map[string]Config{
			"pooled":        {Conns: 5, Pool: new(2)},
			"unpooled":      {Conns: 5, Pool: new(0)},
			"unpooled open": {Conns: 5, Pool: new(0), Rate: 1000},
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			cause := errors.New("enough")
			cfg.Driver, cfg.Address, cfg.Duration = d, listen(t, func(c net.Conn) {
				if _, err := readFrame(bufio.NewReader(c)); err == nil {
					cancel(cause)
				}
				stall(c)
			}), time.Hour
			res, err := Run(ctx, cfg)
			if !errors.Is(err, cause) || res.ErrorCount() != 0 || res.Canceled != res.Requests || res.Requests == 0 {
				t.Errorf("%s: %v, got %+v", name, err, res)
			}
			checkSums(t, res)
		}
	})
}

func TestAPooledUserWhoseServerStallsTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		res := mustRun(t, Config{Address: "pipe", Dial: pipes(stall), Conns: 3, Pool: new(3), Depth: 2, Rate: 10, Duration: 15 * time.Second})
		if e := errorsOf(res, TimedOut); res.OK != 0 || e.Count == 0 || e.Count != res.Unanswered || res.OldestUnanswered.IsZero() {
			t.Errorf("got %+v", res)
		}
	})
}
