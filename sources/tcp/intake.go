package tcp

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/leat-io/leat/pipeline"
)

// An intake is how fast connections are accepted. Its goroutine is the one that accepts.
type intake struct {
	rate   *rate.Limiter // nil without a limit
	bad    error
	putOff atomic.Uint64 // connections that had to wait in the backlog
}

func (i *intake) limit(perSecond float64, burst int) {
	i.rate, i.bad = rate.NewLimiter(rate.Limit(perSecond), burst), nil
	if !(perSecond > 0) || math.IsInf(perSecond, 1) || burst < 1 {
		i.bad = fmt.Errorf("an accept rate needs more than 0 connections a second and a burst of at least 1, not %v and %d", perSecond, burst)
	}
}

func (i *intake) validate() error { return i.bad }

// wait waits until one connection may be accepted, or quit is closed. It reports whether it had to.
func (i *intake) wait(quit <-chan struct{}) (waited bool) {
	for ; ; waited = true {
		d := i.delay()
		if d == 0 {
			return waited
		}
		select {
		case <-time.After(d):
		case <-quit:
			return waited
		}
	}
}

// delay is how long to wait before one may be accepted.
func (i *intake) delay() time.Duration {
	if i.rate == nil {
		return 0
	}
	if missing := 1 - i.rate.Tokens(); missing > 0 {
		return time.Duration(math.Ceil(missing / float64(i.rate.Limit()) * float64(time.Second)))
	}
	return 0
}

// took notes that one has been accepted, and whether it had to wait.
func (i *intake) took(waited bool) {
	if i.rate != nil {
		i.rate.Allow()
	}
	if waited {
		i.putOff.Add(1)
	}
}

func (i *intake) gauges() []pipeline.Gauge {
	if i.rate == nil {
		return nil
	}
	return []pipeline.Gauge{
		{Name: "accept rate", Value: fmt.Sprintf("%v/s, burst %d", float64(i.rate.Limit()), i.rate.Burst())},
		{Name: "accepts put off", Value: fmt.Sprint(i.putOff.Load())},
	}
}
