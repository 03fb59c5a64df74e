package health

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// BreakerOptions say when a breaker opens and closes.
type BreakerOptions struct {
	InARow   int           // so many failures in a row open it, at most 255. Default 5. Negative: however many.
	Rate     float64       // this share of failures in the window opens it. Default 0.5. Negative: whatever their share.
	Volume   int           // of at least so many requests, at most 32 767. Default 20.
	Window   time.Duration // what was counted weighs half with each window that passes, and among 65 535 requests. Default 10 s.
	Trials   int           // how many are let through half open, and must succeed to close it, at most 65 535. Default 3.
	Patience time.Duration // how long the outcome of trials is waited for before there are others. Default 10 s.
	Open     Backoff       // how long it stays open the first time, the next, and so on until it closes. Default 1 s to 60 s, Jitter 0.2.

	OnChange func(from, to State) // is called on the goroutine that brought it about; two in a short time may change places
	Now      func() time.Time     // default time.Now
}

// Validate says what is wrong with the options.
func (o BreakerOptions) Validate() error { return o.withDefaults().validate() }

func (o BreakerOptions) withDefaults() BreakerOptions {
	o.InARow = cmp.Or(o.InARow, 5)
	o.Rate = cmp.Or(o.Rate, .5)
	o.Volume = cmp.Or(o.Volume, 20)
	o.Window = cmp.Or(o.Window, 10*time.Second)
	o.Trials = cmp.Or(o.Trials, 3)
	o.Patience = cmp.Or(o.Patience, 10*time.Second)
	o.Open = o.Open.or(Backoff{Min: time.Second, Max: max(time.Minute, o.Open.Min), Jitter: .2})
	return o
}

func (o BreakerOptions) validate() error {
	const of = "BreakerOptions"
	var errs []error
	if o.InARow > maxRow {
		errs = append(errs, refuse(of, "InARow", o.InARow, fmt.Sprint("at most ", maxRow)))
	}
	if !(o.Rate <= 1) {
		errs = append(errs, refuse(of, "Rate", o.Rate, "at most 1"))
	}
	if o.Volume < 1 || o.Volume > maxCount/2 {
		errs = append(errs, refuse(of, "Volume", o.Volume, fmt.Sprint("between 1 and ", maxCount/2)))
	}
	if o.Trials < 1 || o.Trials > maxCount {
		errs = append(errs, refuse(of, "Trials", o.Trials, fmt.Sprint("between 1 and ", maxCount)))
	}
	errs = append(errs, positive(of, "Window", o.Window), positive(of, "Patience", o.Patience), o.Open.validate(of+".Open"))
	return errors.Join(errs...)
}
