package main

import (
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/load"
)

// Thousands of clients that send a byte a second and never finish a request are shed one after the other, and those that
// behave hardly notice: their 99th percentile stays within twice of what it is without the others. Rounds with and without
// alternate, and the median of their ratios counts.
//
// It measures, so it wants a machine to itself: "make soak" runs it.
func TestSlowHeadersHardlySlowOthersDown(t *testing.T) {
	if os.Getenv("LEAT_SOAK") == "" {
		t.Skip("it measures, and runs with LEAT_SOAK=1")
	}
	const rounds, slow, most = 5, 4000, 2.0
	p := serve(t, "--app", "echo", "--first-message", "5s")
	good := func() float64 {
		res, err := load.Run(t.Context(), load.Config{
			Address: p.address, Protocol: load.Line, Conns: 16, Depth: 16, Rate: 5000, Warmup: time.Second, Duration: 4 * time.Second,
		})
		if err != nil || res.Success < 1 {
			t.Fatalf("%v %+v", err, res.Errors)
		}
		return float64(res.Latency.P99) / float64(time.Microsecond)
	}
	var ratios []float64
	for range rounds {
		alone := good()
		stop := drip(t, p.address, slow)
		with := good()
		stop()
		ratios = append(ratios, with/alone)
		t.Logf("p99 %.0f µs alone, %.0f µs beside %d slow clients", alone, with, slow)
	}
	slices.Sort(ratios)
	if m := ratios[rounds/2]; m > most {
		t.Errorf("the 99th percentile is %.2f times as long beside slow clients, not at most %.1f: %.2f", m, most, ratios)
	}
}

// drip keeps so many connections open on which a byte goes out every second. One that is shed comes again.
func drip(t *testing.T, address string, conns int) (stop func()) {
	quit := make(chan struct{})
	var all sync.WaitGroup
	for i := range conns {
		all.Go(func() {
			select {
			case <-time.After(time.Duration(i) * time.Second / time.Duration(conns)):
			case <-quit:
				return
			}
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			var c net.Conn
			for {
				var err error
				if c == nil {
					if c, err = net.Dial("tcp", address); err != nil {
						t.Error(err)
						return
					}
				}
				if _, err := c.Write([]byte("x")); err != nil {
					c.Close()
					c = nil
				}
				select {
				case <-tick.C:
				case <-quit:
					if c != nil {
						c.Close()
					}
					return
				}
			}
		})
	}
	return func() { close(quit); all.Wait() }
}
