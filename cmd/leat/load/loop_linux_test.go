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
	"time"

	"github.com/leat-io/leat/cmd/leat/load/workload"
	"github.com/leat-io/leat/cmd/leat/load/workload/workloadtest"
)

func TestLoopsDriveConnectionsUnlessSomebodyElseOpensThem(t *testing.T) {
	addr := listen(t, echo)
	if res := mustRun(t, Config{Address: addr, Conns: 2, Loops: 5, Requests: 10}); res.Driver != Reactor || res.Loops != 2 {
		t.Errorf("%s ran with %d loops", res.Driver, res.Loops)
	}
	if res := mustRun(t, Config{Address: addr, Conns: 5, Pool: new(1), Requests: 10}); res.Driver != Reactor || res.Loops != 1 {
		t.Errorf("%s ran with %d loops for a pool of one", res.Driver, res.Loops)
	}
	hook := Config{Address: addr, Requests: 10, Dial: new(net.Dialer).DialContext}
	if res := mustRun(t, hook); res.Driver != Goroutine || res.Loops != 0 {
		t.Errorf("%s ran with %d loops", res.Driver, res.Loops)
	}
	hook.Driver = Reactor
	if _, err := Run(t.Context(), hook); err == nil || !strings.Contains(err.Error(), "a hook cannot") {
		t.Errorf("got %v", err)
	}
	if _, err := Run(t.Context(), Config{Address: addr, Requests: 1, Loops: -1}); err == nil || !strings.Contains(err.Error(), "-1 loops") {
		t.Errorf("got %v", err)
	}
}

func TestAnyNumberOfLoopsSharesTheWork(t *testing.T) {
	addr, other := listen(t, echo), listen(t, echo)
	for name, cfg := range map[string]Config{
		"closed":        {Conns: 7, Depth: 3},
		"one each":      {Conns: 3},
		"open":          {Conns: 50, Rate: 20_000},
		"pooled":        {Conns: 20, Pool: new(5), Depth: 2},
		"unpooled":      {Conns: 10, Pool: new(0)},
		"two addresses": {Conns: 9, Address: addr + "," + other},
		"incr":          {Conns: 0},
	} {
		if cfg.Address == "" {
			cfg.Address = addr
		}
		if name == "incr" {
			var server workloadtest.Server
			cfg = Config{Address: listen(t, server.Serve), Conns: 6, Protocol: RESP, Request: workload.INCR, Keys: 3, Depth: 4}
		}
		cfg.Driver, cfg.Loops, cfg.Requests = Reactor, 3, 1000
		res := mustRun(t, cfg)
		if res.OK != 1000 || len(res.Errors) != 0 || res.Loops != 3 || res.Users != cfg.Conns {
			t.Errorf("%s: got %+v", name, res)
		}
	}
}

// deaf is the address of a listener that has no room for a connection, so that what is sent to it is dropped.
func deaf(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	a, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: a.(*syscall.SockaddrInet4).Port}).String()
	for range 10 {
		nc, err := net.DialTimeout("tcp", addr, 50*time.Millisecond)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { nc.Close() })
	}
	t.Skip("this system takes any number of connections that nobody accepts")
	return ""
}

func TestAServerThatTakesNoConnectionIsGivenUp(t *testing.T) {
	addr := deaf(t)
	eachDriver(t, func(t *testing.T, d Driver) {
		began := time.Now()
		_, err := Run(t.Context(), Config{Driver: d, Address: addr, Conns: 10, Requests: 1, DialTimeout: 200 * time.Millisecond})
		if err == nil || !strings.Contains(err.Error(), "cannot connect to "+addr) || !strings.Contains(err.Error(), "i/o timeout") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took < 200*time.Millisecond {
			t.Errorf("given up after %v", took)
		}
	})
}

func TestCancelEndsAnAttemptToConnect(t *testing.T) {
	addr := deaf(t)
	eachDriver(t, func(t *testing.T, d Driver) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := Run(ctx, Config{Driver: d, Address: addr, Requests: 1, DialTimeout: time.Hour})
		if err == nil || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("ended after %v", took)
		}
	})
}

// Users that open their own connections wait for each other's backlog here: the server takes one connection and no other.
func TestAUserGivesUpAConnectionThatDoesNotOpen(t *testing.T) {
	addr := deaf(t)
	good := listen(t, echo)
	eachDriver(t, func(t *testing.T, d Driver) {
		res := mustRun(t, Config{
			Driver: d, Address: good + "," + addr, Conns: 2, Pool: new(0), Duration: 400 * time.Millisecond, DialTimeout: 100 * time.Millisecond,
		})
		if e := errorsOf(res, DialFailed); res.OK == 0 || e.Count < 2 || !strings.Contains(e.Example, "i/o timeout") {
			t.Errorf("got %+v", res)
		}
	})
}

func TestDescriptorsThatAreUsedUpAreToldWithWhatToDo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // which nobody accepts from, as that would take descriptors, too
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	eachDriver(t, func(t *testing.T, d Driver) {
		var before syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		next := uint64(f.Fd())
		f.Close()
		less := before
		less.Cur = next + 100
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &less); err != nil {
			t.Fatal(err)
		}
		defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before)
		_, err = Run(t.Context(), Config{Driver: d, Address: l.Addr().String(), Conns: 300, Requests: 1})
		if !errors.Is(err, syscall.EMFILE) || !strings.Contains(err.Error(), "of 300 connections open") || !strings.Contains(err.Error(), "ulimit -n") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAServerThatVanishesAmidAPipelineCostsWhatItOwes(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		addr := listen(t, func(c net.Conn) {
			r := bufio.NewReader(c)
			for i := range 20 {
				frame, err := readFrame(r)
				if err != nil {
					return
				}
				if i < 10 {
					_, _ = c.Write(frame)
				}
			}
			_ = c.(*net.TCPConn).SetLinger(0)
		})
		res := mustRun(t, Config{Driver: d, Address: addr, Conns: 3, Depth: 16, Requests: 1000})
		// A reset may overtake the last of the replies.
		if res.OK > 30 || res.ConnsLost != 3 || res.Unanswered == 0 || errorsOf(res, Reset).Count != res.Requests-res.OK {
			t.Errorf("got %+v", res)
		}
	})
}

func TestAServerThatClosesAtOnceLosesTheConnectionAndNoMore(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		addr := listen(t, func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite(); stall(c) })
		res := mustRun(t, Config{Driver: d, Address: addr, Conns: 3, Depth: 2, Rate: 100, Duration: time.Minute})
		if res.OK != 0 || res.ConnsLost != 3 || errorsOf(res, EOF).Count != res.Requests {
			t.Errorf("got %+v", res)
		}
	})
}

func TestAServerThatSpeaksFirstIsWrong(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		addr := listen(t, func(c net.Conn) { _, _ = c.Write([]byte("220 ready\r\n")); echo(c) })
		res := mustRun(t, Config{Driver: d, Address: addr, Protocol: Line, Rate: 1, Requests: 5, Warmup: time.Second, Duration: time.Minute})
		if e := errorsOf(res, Mismatch); res.OK != 0 || e.Count == 0 {
			t.Errorf("got %+v", res)
		}
	})
}

// The loop sees the end of a connection that nobody uses, and opens another one; with goroutines that costs a request.
func TestAConnectionThatIsClosedWhileItIsIdleCostsALoopNoRequest(t *testing.T) {
	var conns atomic.Int64
	addr := listen(t, counted(&conns, func(c net.Conn) {
		if frame, err := readFrame(bufio.NewReader(c)); err == nil {
			_, _ = c.Write(frame)
		}
	}))
	res := mustRun(t, Config{Driver: Reactor, Address: addr, Pool: new(1), Rate: 20, Requests: 10})
	if res.OK != 10 || res.ConnsLost != 9 || conns.Load() != 10 || len(res.Errors) != 0 {
		t.Errorf("the server saw %d connections, got %+v", conns.Load(), res)
	}
}

// Half of the time the server stands still, in stops of 50 ms, and what is due meanwhile waits for the end of the stop.
func TestLoopsChargeAStallToAllThatWereDueInIt(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		res := mustRun(t, Config{Driver: d, Address: listen(t, slow(100, 50*time.Millisecond)), Rate: 1000, Requests: 1000})
		if res.OK != 1000 || res.Latency.Mean < 12*time.Millisecond || res.Open.Delayed < 9*45 {
			t.Errorf("mean %v, %d delayed of %d", res.Latency.Mean, res.Open.Delayed, res.OK)
		}
		if s := res.Open.Service; s.Mean >= res.Latency.Mean || s.Max < 50*time.Millisecond {
			t.Errorf("service %+v, latency %+v", s, res.Latency)
		}
	})
}

func TestNothingIsSentBeforeItIsDue(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		began := time.Now()
		var early atomic.Int64
		addr := listen(t, framed(func(i int, frame []byte) []byte {
			// One connection: request i is due i·5 ms behind the first, which is sent now or later.
			if time.Since(began) < time.Duration(i)*5*time.Millisecond {
				early.Add(1)
			}
			return frame
		}))
		res := mustRun(t, Config{Driver: d, Address: addr, Rate: 200, Requests: 40})
		if res.OK != 40 || early.Load() != 0 {
			t.Errorf("%d came too early: %+v", early.Load(), res)
		}
	})
}

func TestAPeerThatReadsSlowlyIsWrittenToAsItReads(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		addr := listen(t, func(c net.Conn) {
			b := make([]byte, 64<<10)
			for {
				n, err := c.Read(b)
				if err != nil {
					return
				}
				time.Sleep(time.Millisecond)
				if _, err := c.Write(b[:n]); err != nil {
					return
				}
			}
		})
		for _, pool := range []*int{nil, new(2)} {
			res := mustRun(t, Config{Driver: d, Address: addr, Conns: 2, Pool: pool, Depth: 2, Message: 6 << 20, Requests: 4})
			if res.OK != 4 || len(res.Errors) != 0 {
				t.Errorf("got %d right, %+v", res.OK, res.Errors)
			}
		}
	})
}

func TestASocketThatIsItsOwnPeerIsNoServer(t *testing.T) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	own, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Connect(fd, own); err != nil {
		t.Fatal(err)
	}
	if k := (&link{fd: fd}); !k.toItself() {
		t.Error("it is taken for a connection to somebody else")
	}
}
