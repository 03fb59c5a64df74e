//go:build linux

package main

import (
	"errors"
	"os"
	"runtime"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
)

// A job is one run, in a process of its own.
type job struct {
	Candidate string
	Kind      string
	Window    int      // of a stream; 0: the library's own settings
	Distance  distance // between the ends
	Streams   int      // or calls at once
	Warm      time.Duration
	Length    time.Duration
	Rate      float64 // messages a second
}

// Kinds of jobs.
const (
	exchanging = "exchange"
	opening    = "open"
	streaming  = "bulk"
	beside     = "beside"
	idling     = "idle"
)

// sample is what a run gives. What its kind does not measure is 0.
type sample struct {
	Rate           float64 // exchanges, or GB, a second
	CPU            float64 // seconds of processor time of the process for each of them
	Allocs         float64 // for each of them
	P50, P99, P999 float64 // latency in µs
	Bytes          float64 // for a stream
	Goroutines     float64 // for a stream
	RoundTrip      float64 // of packets, ms
	Lost           float64 // packets
}

// run measures over a network of its own.
func (j job) run() (got sample, err error) {
	c, err := called(j.Candidate)
	if err != nil {
		return got, err
	}
	n, err := newNetwork(j.Distance)
	if err != nil {
		return got, err
	}
	got, err = j.over(n, c)
	lost, e := n.close()
	got.Lost = float64(lost)
	return got, errors.Join(err, e)
}

// over makes a session and measures it.
func (j job) over(n *network, c candidate) (got sample, err error) {
	var t tally
	s, err := c.start(n, j.Window, &t)
	if err != nil {
		return got, err
	}
	defer s.close()
	switch j.Kind {
	case exchanging:
		got, err = j.exchange(s)
	case opening:
		got, err = j.open(s)
	case streaming:
		if n.link != nil {
			got, err = j.apart(s, &t, n.link)
		} else {
			got, err = j.bulk(s, &t, nil)
		}
	case beside:
		got, err = j.beside(s, &t)
	case idling:
		got, err = j.idle(s)
	}
	if err == nil && t.wrong.Load() {
		err = errOther
	}
	return got, err
}

var errNothing = errors.New("nothing has come")

// watch lets the time pass and says what the process did in the part that counts, for each unit of which count has the number. It goes
// on for a while when nothing has come.
func (j job) watch(count func() float64) (got sample, err error) {
	time.Sleep(j.Warm)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used, err := measure.CPUTime(os.Getpid())
	if err != nil {
		return got, err
	}
	first, began := count(), time.Now()
	for time.Sleep(j.Length); count() == first && time.Since(began) < patience/2; {
		time.Sleep(time.Millisecond)
	}
	n, length := count()-first, time.Since(began)
	end, err := measure.CPUTime(os.Getpid())
	if err != nil {
		return got, err
	}
	runtime.ReadMemStats(&after)
	if n == 0 {
		return got, errNothing
	}
	return sample{Rate: n / length.Seconds(), CPU: (end - used).Seconds() / n, Allocs: float64(after.Mallocs-before.Mallocs) / n}, nil
}
