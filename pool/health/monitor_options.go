package health

import (
	"cmp"
	"errors"
	"time"
)

// MonitorOptions say how often targets are checked, and what follows.
//
// A backend that refuses is down (Fall-1) × Suspect after the first check that it refuses, and one that hangs is down Timeout
// after the first check that it leaves unanswered. That check begins at the latest Interval after the backend has died, so
// the worst cases are Interval + (Fall-1) × Suspect and Interval + Timeout: 1.04 s and 1.75 s with the defaults. The first is a few times
// Suspect where a connection was kept that it closes, and where [Monitor.Suspect] tells of failures. An answer that says that the
// backend does not serve counts as a hang here: it is read within Timeout.
//
// Timeout is that of several checks together only for Fall up to 4 and where a check is no [Func]: the worst case of a hang is
// Interval + Fall × Timeout with a Func, and Interval + Fall/4 × Timeout, rounded up, with a larger Fall. To these come microseconds
// in which the thread wakes, and what a name takes to be looked up; and the wait for others where more than Concurrency are to be checked at once.
//
// A lost packet is sent again after 200 ms or a bit more than the round trip, and the SYN of a new connection after 1 s (RFC 6298). So
// one that is lost costs one check, and no more when Timeout is some four round trips or longer.
type MonitorOptions struct {
	Interval time.Duration // from the begin of one check to that of the next, at most; up to a quarter less, so that checks go together. Default 1 s.
	Suspect  time.Duration // the same for a target that is up and has failed. Up to half of it is random. Default 20 ms, at most Interval/4.
	Dead     time.Duration // what it grows to, by half with each check, while a target stays down. Default 10 × Interval.
	Jitter   float64       // the share of Interval, and of the like, that is random and taken off. Default 0.1. Negative: none.
	Timeout  time.Duration // how long one check may take. Default 3/4 Interval.

	Fall int // failures in a row that bring a target down. Default 3.
	Rise int // successes in a row that bring it up. Default 2. The first result of a target decides alone.

	Concurrency int           // checks at once, the others wait. Default 64.
	Reconnect   time.Duration // age at which a kept connection is replaced, so that accepting is checked too. Default 1 min.

	// The hooks are called on the goroutine of the monitor, so they must return soon.
	OnChange func(Change)
	OnResult func(Result)
}

// Validate says what is wrong with the options.
func (o MonitorOptions) Validate() error { return o.withDefaults().validate() }

func (o MonitorOptions) withDefaults() MonitorOptions {
	o.Interval = cmp.Or(o.Interval, time.Second)
	o.Suspect = cmp.Or(o.Suspect, min(20*time.Millisecond, o.Interval/4))
	o.Dead = cmp.Or(o.Dead, 10*o.Interval)
	o.Jitter = cmp.Or(o.Jitter, .1)
	o.Timeout = cmp.Or(o.Timeout, o.Interval/4*3)
	o.Fall = cmp.Or(o.Fall, 3)
	o.Rise = cmp.Or(o.Rise, 2)
	o.Concurrency = cmp.Or(o.Concurrency, 64)
	o.Reconnect = cmp.Or(o.Reconnect, time.Minute)
	return o
}

// shortest is a bound for what a typing error would make of intervals.
const shortest = time.Millisecond

func (o MonitorOptions) validate() error {
	const of = "MonitorOptions"
	var errs []error
	atLeast := func(field string, d, least time.Duration) {
		if d < least {
			errs = append(errs, refuse(of, field, d, "at least "+least.String()+", or 0 for the default"))
		}
	}
	atLeast("Interval", o.Interval, shortest)
	atLeast("Timeout", o.Timeout, shortest)
	atLeast("Suspect", o.Suspect, shortest/4)
	atLeast("Dead", o.Dead, o.Interval)
	atLeast("Reconnect", o.Reconnect, 0)
	if !(o.Jitter <= 1) {
		errs = append(errs, refuse(of, "Jitter", o.Jitter, "at most 1"))
	}
	for _, n := range []struct {
		field string
		value int
	}{{"Fall", o.Fall}, {"Rise", o.Rise}, {"Concurrency", o.Concurrency}} {
		if n.value < 1 {
			errs = append(errs, refuse(of, n.field, n.value, "at least 1, or 0 for the default"))
		}
	}
	return errors.Join(errs...)
}
