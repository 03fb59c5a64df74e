package health

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"time"
)

// A Backoff is how long to wait before something is tried again: a time that grows with each attempt, and is shortened at random
// so that those who failed together do not come back together ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
// It holds no state, so one serves all requests.
type Backoff struct {
	Min    time.Duration // the first wait. Default 50 ms.
	Max    time.Duration // the longest. Default 10 s.
	Factor float64       // each wait beside the one before, at least 1. Default 2.
	Jitter float64       // the share of a wait that is random, at most 1: half of it ("equal jitter") by default. Negative: none.
}

// Validate says what is wrong with a backoff.
func (b Backoff) Validate() error { return b.or(Backoff{}).validate("Backoff") }

func (b Backoff) validate(of string) error {
	if !(b.Factor >= 1 && b.Factor <= math.MaxFloat32) {
		return refuse(of, "Factor", b.Factor, "at least 1, or 0 for the default")
	}
	if b.Jitter > 1 || math.IsNaN(b.Jitter) {
		return refuse(of, "Jitter", b.Jitter, "at most 1")
	}
	if b.Min > b.Max {
		return refuse(of, "Min", b.Min, "at most Max, which is "+b.Max.String())
	}
	return errors.Join(positive(of, "Min", b.Min), positive(of, "Max", b.Max))
}

// or is the backoff with the defaults of its owner, and the general ones behind those.
func (b Backoff) or(d Backoff) Backoff {
	b.Min = cmp.Or(b.Min, d.Min, 50*time.Millisecond)
	b.Max = cmp.Or(b.Max, d.Max, max(10*time.Second, b.Min))
	b.Factor = cmp.Or(b.Factor, d.Factor, 2)
	b.Jitter = cmp.Or(b.Jitter, d.Jitter, .5)
	return b
}

// Delay is the wait before retry n; the first is 0. It lies between (1-Jitter) and 1 times min(Max, Min × Factorⁿ).
func (b Backoff) Delay(n int) time.Duration {
	b = b.or(Backoff{})
	d := math.Min(float64(b.Min)*math.Pow(b.Factor, float64(max(n, 0))), float64(b.Max))
	if b.Jitter > 0 {
		d *= 1 - b.Jitter*rand.Float64()
	}
	return time.Duration(d)
}
