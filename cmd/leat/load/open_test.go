package load

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestRequestsOfAnOpenLoopComeWhenTheyAreDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex
		var came []time.Duration
		note := framed(func(_ int, frame []byte) []byte {
			mu.Lock()
			defer mu.Unlock()
			came = append(came, time.Since(began))
			return frame
		})
		res := mustRun(t, Config{Address: "pipe", Dial: pipes(note), Conns: 7, Rate: 1000, Duration: time.Second})
		if res.OK != 1000 || len(came) != 1000 || res.RPS != 1000 || res.Elapsed != time.Second {
			t.Fatalf("%d came, got %+v", len(came), res)
		}
		for i, at := range came {
			// minNap is the one delay there is in simulated time, before the first.
			if due := time.Duration(i) * time.Millisecond; at < due || at > due+minNap {
				t.Fatalf("request %d was due at %v and came at %v", i, due, at)
			}
		}
		if res.Open.Late.Max > minNap || res.Open.Delayed != 0 {
			t.Errorf("got %+v", res.Open)
		}
	})
}

// A server that stops for 49.5 ms at each 100th request stands still for half of the time at 1000 requests a second: each stop falls
// on 49 due times. Who sends the next request only after the reply sees one slow reply in 100.
func TestAnOpenLoopChargesAStallToAllThatWereDueInIt(t *testing.T) {
	const stop = 49500 * time.Microsecond
	stalls := Config{Address: "pipe", Dial: pipes(slow(100, stop)), Requests: 10_000}
	synctest.Test(t, func(t *testing.T) {
		cfg := stalls
		cfg.Rate = 1000
		res := mustRun(t, cfg)
		// Of 100 requests the one that stalls and the 49 due meanwhile wait 49.5, 48.5, … 0.5 ms; the others do not.
		near(t, "mean", res.Latency.Mean, 12500*time.Microsecond)
		near(t, "p90", res.Latency.P90, 39500*time.Microsecond)
		near(t, "p99", res.Latency.P99, 48500*time.Microsecond)
		// Measured from the sending the same replies look fast.
		near(t, "mean service", res.Open.Service.Mean, 495*time.Microsecond)
		if s := res.Open.Service; s.P90 != 0 || s.P99 != 0 || s.Max != stop {
			t.Errorf("the service times are %+v", s)
		}
		// Nothing is due after the last of the hundred stops.
		if res.Open.Delayed != 99*49 || res.Open.MaxWaiting != 49 {
			t.Errorf("%d were delayed, %d at a time", res.Open.Delayed, res.Open.MaxWaiting)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		if res := mustRun(t, stalls); res.Latency.P99 != 0 || res.Latency.Max != stop {
			t.Errorf("a closed loop shows %+v", res.Latency)
		}
	})
}

func near(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if got < want*95/100 || got > want*105/100 {
		t.Errorf("%s is %v, want about %v", what, got, want)
	}
}

func TestAServerTooSlowForTheRateShowsInTheLatencyAndNothingIsLost(t *testing.T) {
	// It serves one request in 10 ms, and one is due each 5 ms for 4 s: the last waits for 4 s.
	synctest.Test(t, func(t *testing.T) {
		res := mustRun(t, Config{Address: "pipe", Dial: pipes(slow(1, 10*time.Millisecond)), Rate: 200, Duration: 4 * time.Second})
		if res.OK != 800 || len(res.Errors) != 0 {
			t.Fatalf("got %+v", res)
		}
		near(t, "max", res.Latency.Max, 4*time.Second)
		near(t, "p50", res.Latency.P50, 2*time.Second)
		near(t, "max service", res.Open.Service.Max, 10*time.Millisecond)
		near(t, "elapsed", res.Elapsed, 8*time.Second)
	})
}

func TestABacklogThatTheTimeoutCutsIsCountedAsErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		res := mustRun(t, Config{Address: "pipe", Dial: pipes(slow(1, time.Second)), Rate: 10, Duration: 10 * time.Second, Timeout: 5 * time.Second})
		if res.Requests != 100 || res.Unanswered != 0 || res.ConnsLost != 0 {
			t.Errorf("got %+v", res)
		}
		if e := errorsOf(res, Backlog); e.Count != res.Unsent || res.Unsent < 84 || res.Unsent > 85 {
			t.Errorf("%d unsent, got %+v", res.Unsent, e)
		}
	})
}

func TestWarmupOfAnOpenLoopIsNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		res := mustRun(t, Config{Address: "pipe", Dial: pipes(echo), Conns: 3, Rate: 100, Warmup: time.Second, Requests: 250, Duration: time.Hour})
		if res.OK != 250 || res.Elapsed != 2500*time.Millisecond || res.RPS != 100 {
			t.Errorf("got %+v", res)
		}
	})
}

func TestTheScheduleOfALostConnectionEndsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := make(chan struct{}, 1)
		first <- struct{}{}
		res := mustRun(t, Config{Address: "pipe", Conns: 2, Rate: 100, Duration: 2 * time.Second, Dial: pipes(func(c net.Conn) {
			select {
			case <-first:
				r := bufio.NewReader(c)
				for range 10 {
					frame, err := readFrame(r)
					if err != nil {
						return
					}
					_, _ = c.Write(frame)
				}
			default:
				echo(c)
			}
		})})
		if res.OK != 110 || res.ConnsLost != 1 || res.Requests > 111 || res.RPS != 55 {
			t.Errorf("got %+v", res)
		}
	})
}

func TestOpenLoopKeepsItsRateOverTCP(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		res := mustRun(t, Config{Driver: d, Address: listen(t, echo), Conns: 130, Depth: 8, Rate: 5000, Duration: time.Second})
		if res.OK != 5000 || res.Success != 1 {
			t.Errorf("got %+v", res)
		}
		if res.Open.Service.P50 > res.Latency.P50 {
			t.Errorf("service %v, latency %v", res.Open.Service.P50, res.Latency.P50)
		}
	})
}

// An idle connection outlives the timeout, whose deadlines fire all the while; TLS would not survive one of writing.
func TestTLSConnectionsWork(t *testing.T) {
	web := httptest.NewUnstartedServer(nil)
	web.StartTLS()
	defer web.Close()
	cert := web.TLS.Certificates[0]
	addr := listen(t, func(c net.Conn) { echo(tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})) })
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		return (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(ctx, network, address)
	}
	res := mustRun(t, Config{Address: addr, Dial: dial, Rate: 5, Requests: 4, Timeout: 50 * time.Millisecond})
	if res.OK != 4 {
		t.Errorf("got %+v", res)
	}
}
