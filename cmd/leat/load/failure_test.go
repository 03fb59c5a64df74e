package load

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestATruncatedReplyIsAnUnansweredRequest(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		addr := listen(t, func(c net.Conn) {
			r := bufio.NewReader(c)
			for i := range 5 {
				frame, err := readFrame(r)
				if err != nil {
					return
				}
				if i == 4 {
					frame = frame[:30]
				}
				if _, err := c.Write(frame); err != nil {
					return
				}
			}
		})
		res := mustRun(t, Config{Driver: d, Address: addr, Requests: 100})
		if res.OK != 4 || res.Unanswered != 1 || res.Requests != 5 || res.ConnsLost != 1 {
			t.Errorf("got %+v", res)
		}
		e := errorsOf(res, EOF)
		if want := "connection 0, after 4 replies and with 1 requests in flight, 30 bytes into a reply: EOF"; e.Count != 1 || e.Example != want {
			t.Errorf("got %+v, want one %q", e, want)
		}
	})
}

func TestAServerThatStallsEndsTheRunAfterTheTimeout(t *testing.T) {
	for name, rate := range map[string]float64{"closed": 0, "open": 100} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				res := mustRun(t, Config{Address: "pipe", Dial: pipes(stall), Conns: 3, Depth: 4, Rate: rate, Duration: time.Hour})
				if res.OK != 0 || res.Unanswered != 12 || res.ConnsLost != 3 {
					t.Errorf("got %+v", res)
				}
				if e := errorsOf(res, TimedOut); e.Count != res.Requests || !strings.HasSuffix(e.Example, "no reply within the timeout") {
					t.Errorf("got %+v of %d requests", e, res.Requests)
				}
				if res.Elapsed < 10*time.Second || res.Elapsed > 11*time.Second {
					t.Errorf("ended after %v", res.Elapsed)
				}
			})
		})
	}
}

func TestTheTimeoutIsThatOfTheOldestRequestAlone(t *testing.T) {
	// A request each 3 s, answered 9 s later: at any time some are in flight, none for 10 s.
	synctest.Test(t, func(t *testing.T) {
		late := func(c net.Conn) {
			r := bufio.NewReader(c)
			for {
				frame, err := readFrame(r)
				if err != nil {
					return
				}
				time.AfterFunc(9*time.Second, func() { _, _ = c.Write(frame) })
			}
		}
		res := mustRun(t, Config{Address: "pipe", Dial: pipes(late), Depth: 10, Rate: 1. / 3, Duration: 5 * time.Minute})
		if res.OK != 100 || len(res.Errors) != 0 {
			t.Errorf("got %+v", res)
		}
	})
}

func TestAServerThatDoesNotReadEndsTheRunAfterTheTimeout(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		release := make(chan struct{})
		addr := listen(t, func(net.Conn) { <-release })
		defer close(release)
		for _, message := range []int{64, 8 << 20} { // what the kernels hold, and more
			res := mustRun(t, Config{Driver: d, Address: addr, Conns: 2, Depth: 2, Message: message, Requests: 100, Timeout: 200 * time.Millisecond})
			if res.OK != 0 || res.ConnsLost != 2 || errorsOf(res, TimedOut).Count != res.Requests {
				t.Errorf("%d bytes: got %+v", message, res)
			}
			if message == 64 && res.Unanswered != 4 || message > 64 && res.Unsent == 0 {
				t.Errorf("%d bytes: %d unanswered, %d unsent", message, res.Unanswered, res.Unsent)
			}
		}
	})
}

func TestAResetIsCountedAndTheOthersGoOn(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		first, reset := make(chan struct{}, 1), make(chan struct{})
		first <- struct{}{}
		addr := listen(t, func(c net.Conn) {
			select {
			case <-first:
				_, _ = readFrame(bufio.NewReader(c))
				_ = c.(*net.TCPConn).SetLinger(0)
				close(reset)
			default:
				<-reset
				echo(c)
			}
		})
		res := mustRun(t, Config{Driver: d, Address: addr, Conns: 3, Requests: 300})
		if res.OK != 299 || res.Unanswered != 1 || res.ConnsLost != 1 || errorsOf(res, Reset).Count != 1 {
			t.Errorf("got %+v", res)
		}
	})
}

// The server takes n requests of each connection, answers them, says that it will send no more and reads on for a moment, as a
// graceful stop does.
func TestADrainIsReportedExactly(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		const n = 100
		drain := func(c net.Conn) {
			r := bufio.NewReader(c)
			for range n {
				frame, err := readFrame(r)
				if err != nil {
					return
				}
				if _, err := c.Write(frame); err != nil {
					return
				}
			}
			_ = c.(*net.TCPConn).CloseWrite()
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			_, _ = io.Copy(io.Discard, r)
		}
		for name, cfg := range map[string]Config{
			"closed":              {Depth: 16},
			"closed, two writers": {Depth: 16, Message: 5000},
			"open":                {Depth: 16, Rate: 20_000},
		} {
			t.Run(name, func(t *testing.T) {
				cfg.Driver, cfg.Address, cfg.Conns, cfg.Duration = d, listen(t, drain), 4, time.Minute
				res := mustRun(t, cfg)
				if res.OK != 4*n || res.Mismatched != 0 || res.ConnsLost != 4 {
					t.Errorf("got %+v", res)
				}
				if res.Unanswered > 4*16 {
					t.Errorf("%d are unanswered, more than fit in the windows", res.Unanswered)
				}
				if res.Elapsed > 10*time.Second {
					t.Errorf("ended after %v", res.Elapsed)
				}
			})
		}
	})
}

func TestNoRequestSentBeforeAStopIsUnansweredWhenTheServerDrains(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		stop := make(chan struct{})
		addr := listen(t, func(c net.Conn) {
			b := make([]byte, 32<<10)
			// A request whose write had begun when the stop came is in the second read after it at the latest.
			for left := 3; left > 0; {
				n, err := c.Read(b)
				if err != nil {
					return
				}
				if _, err := c.Write(b[:n]); err != nil {
					return
				}
				select {
				case <-stop:
					left--
				default:
				}
			}
			_ = c.(*net.TCPConn).CloseWrite()
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			stall(c)
		})
		var stopped time.Time
		time.AfterFunc(100*time.Millisecond, func() {
			stopped = time.Now()
			close(stop)
		})
		res := mustRun(t, Config{Driver: d, Address: addr, Protocol: Raw, Conns: 8, Depth: 4, Duration: time.Minute})
		<-stop
		if res.OldestUnanswered.Before(stopped) {
			t.Errorf("a request sent %v before the stop is unanswered", stopped.Sub(res.OldestUnanswered))
		}
		if res.ConnsLost != 8 || res.Unanswered < 8 || res.Unanswered > 8*4 || errorsOf(res, Mismatch).Count != 0 {
			t.Errorf("got %+v", res)
		}
	})
}

func TestCancelEndsTheRunPromptlyAndIsNoErrorOfTheServer(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		for name, cfg := range map[string]Config{
			"closed": {Depth: 2, Message: 64},
			"open":   {Depth: 2, Message: 64, Rate: 1000},
			"large":  {Depth: 2, Message: 1 << 20},
			"pipes":  {Depth: 2, Message: 64, Rate: 1000, Address: "pipe"},
		} {
			t.Run(name, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				cause := errors.New("enough")
				var canceled atomic.Pointer[time.Time]
				one := func(c net.Conn) {
					_, _ = io.CopyN(io.Discard, c, int64(wireSize(Frame, cfg.Message)))
					now := time.Now()
					canceled.CompareAndSwap(nil, &now)
					cancel(cause)
					stall(c)
				}
				cfg.Conns, cfg.Duration = 3, time.Hour
				if cfg.Address == "pipe" {
					cfg.Dial = pipes(one)
				} else {
					cfg.Driver, cfg.Address = d, listen(t, one)
				}
				res, err := Run(ctx, cfg)
				if !errors.Is(err, cause) {
					t.Errorf("the error is %v", err)
				}
				if took := time.Since(*canceled.Load()); took > 3*time.Second {
					t.Errorf("ended %v after the cancel", took)
				}
				if res.Unanswered == 0 || res.Canceled != res.Requests || res.ErrorCount() != 0 || res.ConnsLost != 0 {
					t.Errorf("got %+v", res)
				}
				checkSums(t, res)
			})
		}
	})
}
