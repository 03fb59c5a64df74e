//go:build linux

package main

import (
	"errors"
	"io"
	"math"
	"net"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/record/recordtest"
	"github.com/leat-io/leat/benchmarks/rounds"
	"github.com/leat-io/leat/pool/balance"
)

func TestEveryPoolBoundsItsConnectionsAndUsesThemAgain(t *testing.T) {
	for _, c := range candidates {
		t.Run(c.name, func(t *testing.T) {
			var dials atomic.Int32
			p, err := c.filled(demand{size: 3, dial: func() (net.Conn, error) {
				dials.Add(1)
				return dial()
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer p.close()
			if err := p.pairs(100, true); err != nil {
				t.Fatal(err)
			}
			var held []any
			for range 3 {
				one, err := p.take()
				if err != nil {
					t.Fatal(err)
				}
				held = append(held, one)
			}
			got := make(chan any)
			go func() {
				one, _ := p.take()
				got <- one
			}()
			select {
			case <-got:
				t.Fatal("there is a connection too many")
			case <-time.After(20 * time.Millisecond):
			}
			p.give(held[0])
			p.give(<-got)
			p.give(held[1])
			p.give(held[2])
			if n := dials.Load(); n != 3 {
				t.Fatal(n, "dials for 3 connections")
			}
		})
	}
}

func TestAPoolWhoseDialsFailIsAnError(t *testing.T) {
	refused := errors.New("refused")
	for _, c := range candidates {
		if _, err := c.filled(demand{size: 1, dial: func() (net.Conn, error) { return nil, refused }}); !errors.Is(err, refused) {
			t.Error(c.name, err)
		}
	}
}

func TestQuantilesAreOfSortedTimes(t *testing.T) {
	var all []time.Duration
	for i := range 101 {
		all = append(all, time.Duration(i)*time.Microsecond)
	}
	for percent, want := range map[int]float64{0: 0, 50: 50, 99: 99, 100: 100} {
		if got := quantile(all, percent); got != want {
			t.Error(percent, got)
		}
	}
	if got := quantile([]time.Duration{time.Millisecond}, 99); got != 1000 {
		t.Error(got)
	}
}

func TestWhoComesFirstWaitsForADialUnlessThePoolIsWarm(t *testing.T) {
	for _, c := range candidates[1:] { // the channel is filled from the start
		got, err := first(c)
		if waits := got.P50 >= float64(far.Microseconds()); err != nil || waits == c.warm {
			t.Error(c.name, got, err)
		}
	}
}

func TestTheBackendFarthestFromItsShareCounts(t *testing.T) {
	all := []balance.Backend{{Weight: 1}, {Weight: 3}}
	for _, one := range []struct {
		counts []int
		want   float64
	}{{[]int{25, 75}, 0}, {[]int{30, 70}, .2}, {[]int{0, 100}, 1}} {
		if got := off(one.counts, all, 4); math.Abs(got-one.want) > 1e-9 {
			t.Error(one, got)
		}
	}
}

func TestEveryPolicyGivesEachBackendAboutItsShare(t *testing.T) {
	for _, p := range policies {
		got, err := p.measure(20_000)
		for range 4 { // in so short a time, one whose latency the machine has spoilt gets little of those that follow it
			if p.work == 0 || err != nil || got.Off <= .5 {
				break
			}
			got, err = p.measure(20_000)
		}
		if err != nil || got.Off > .5 {
			t.Error(p.name, got, err)
		}
	}
}

// TestAllTablesAreFilled measures everything once for a moment, and again from the record.
func TestAllTablesAreFilled(t *testing.T) {
	o := options{
		Options: rounds.Options{Rounds: 1, Rows: regexp.MustCompile("")}, pairs: 5000, length: 20 * time.Millisecond,
	}
	text := recordtest.Twice(t, func(to record.Output, shown io.Writer) error {
		o.output = to
		return run(t.Context(), o, shown)
	})
	for _, r := range rows(o) {
		for _, e := range r.Entries {
			if !strings.Contains(text, "| "+r.Name+" | "+e.Name+" |") {
				t.Errorf("%s has no %s", r.Name, e.Name)
			}
		}
	}
}
