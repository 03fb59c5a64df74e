package health

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// A Timeout follows the latencies of a backend: so many times a high quantile, within bounds. A slow backend gets more time, and one that
// hangs is noticed soon.
//
// Requests that ran into it have to be observed with the time that they waited, [Latency] says why. When more of them do than the
// quantile leaves out, the timeout is then multiplied by its factor with every half-life or sooner, until it fits or is Max.
type Timeout struct {
	o  TimeoutOptions
	at *Quantile
}

// TimeoutOptions say how a timeout is derived.
type TimeoutOptions struct {
	Quantile float64       // of the latencies. Default 0.99.
	Factor   float64       // how many times that, at least 1. Default 3.
	Min      time.Duration // what it is at least. Default 5 ms.
	Max      time.Duration // what it is at most. Default 5 s.
	Initial  time.Duration // what it is while too little has been observed. Default Max.
}

// Validate says what is wrong with the options.
func (o TimeoutOptions) Validate() error { return o.withDefaults().validate() }

func (o TimeoutOptions) withDefaults() TimeoutOptions {
	o.Quantile = cmp.Or(o.Quantile, .99)
	o.Factor = cmp.Or(o.Factor, 3)
	o.Min = cmp.Or(o.Min, 5*time.Millisecond)
	o.Max = cmp.Or(o.Max, max(5*time.Second, o.Min))
	o.Initial = cmp.Or(o.Initial, o.Max)
	return o
}

func (o TimeoutOptions) validate() error {
	const of = "TimeoutOptions"
	var errs []error
	if !(o.Quantile > 0 && o.Quantile < 1) {
		errs = append(errs, refuse(of, "Quantile", o.Quantile, "between 0 and 1"))
	}
	if !(o.Factor >= 1 && o.Factor <= 1e6) {
		errs = append(errs, refuse(of, "Factor", o.Factor, "between 1 and a million"))
	}
	if o.Min > o.Max {
		errs = append(errs, refuse(of, "Min", o.Min, "at most Max, which is "+o.Max.String()))
	}
	errs = append(errs, positive(of, "Min", o.Min), positive(of, "Max", o.Max), positive(of, "Initial", o.Initial))
	return errors.Join(errs...)
}

// NewTimeout derives a timeout from a distribution.
func NewTimeout(l *Latency, o TimeoutOptions) (*Timeout, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	at, err := l.Track(o.Quantile)
	if err != nil {
		return nil, err
	}
	return &Timeout{o: o, at: at}, nil
}

// Value is the timeout of an attempt that begins now.
func (t *Timeout) Value() time.Duration {
	d, known := t.at.Load()
	if !known {
		return t.o.Initial
	}
	return min(max(time.Duration(float64(d)*t.o.Factor), t.o.Min), t.o.Max)
}

// Attempt is the timeout of an attempt for a request whose deadline is that of ctx: what is left of it when that is less. It
// is the error of a context that has ended; a deadline that is over is one.
func (t *Timeout) Attempt(ctx context.Context) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	d := t.Value()
	if deadline, ok := ctx.Deadline(); ok {
		if d = min(d, time.Until(deadline)); d <= 0 {
			return 0, context.DeadlineExceeded
		}
	}
	return d, nil
}

// ErrAttempt is the cause of a context that ended because one attempt took too long, not the request ([context.Cause]).
var ErrAttempt = errors.New("health: the attempt took longer than its adaptive timeout")

// WithContext is the context of one attempt for the request of ctx.
func (t *Timeout) WithContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, t.Value(), ErrAttempt)
}
