package health

import (
	"cmp"
	"errors"
	"time"
)

// OutlierOptions say who is ejected and for how long.
type OutlierOptions struct {
	InARow int           // so many failures in a row eject at once. Default 5. Negative: however many.
	Rate   float64       // this share of failures in the window ejects. Default 0.5. Negative: whatever their share.
	Volume int           // of at least so many requests in the window, which a comparison of latencies needs too. Default 20.
	Window time.Duration // slides in steps of Interval. Default 10 s.

	Slow     float64       // a quantile of the latencies this many times the median of the peers' ejects. Default 0: never.
	Quantile float64       // which one. Default 0.5: a few slow answers are not a slow backend.
	SlowMin  time.Duration // and so much longer than it, so that noise ejects nobody. Default 1 ms. Negative: however little.
	Peers    int           // there must be so many others to compare with. Default 2.

	Most     float64       // the largest share of the members that is ejected, rounded down, and always one. Default 0.5.
	Interval time.Duration // between two sweeps. Default 1 s.
	Base     time.Duration // an ejection lasts that times how many there were of the member. Default 30 s.
	Max      time.Duration // and at most that. Default 300 s. Each Base of good time takes one ejection from their number.
	Jitter   float64       // the share of it that is random and taken off. Default 0.1. Negative: none.

	OnChange func(Ejection)   // is called without a lock; two in a short time may change places
	Now      func() time.Time // default time.Now
}

// Validate says what is wrong with the options.
func (o OutlierOptions) Validate() error { return o.withDefaults().validate() }

func (o OutlierOptions) withDefaults() OutlierOptions {
	o.InARow = cmp.Or(o.InARow, 5)
	o.Rate = cmp.Or(o.Rate, .5)
	o.Volume = cmp.Or(o.Volume, 20)
	o.Window = cmp.Or(o.Window, 10*time.Second)
	o.Quantile = cmp.Or(o.Quantile, .5)
	o.SlowMin = cmp.Or(o.SlowMin, time.Millisecond)
	o.Peers = cmp.Or(o.Peers, 2)
	o.Most = cmp.Or(o.Most, .5)
	o.Interval = cmp.Or(o.Interval, time.Second)
	o.Base = cmp.Or(o.Base, 30*time.Second)
	o.Max = cmp.Or(o.Max, max(300*time.Second, o.Base))
	o.Jitter = cmp.Or(o.Jitter, .1)
	return o
}

// mostSlots bounds the memory of a window, 16 bytes a slot.
const mostSlots = 1000

func (o OutlierOptions) validate() error {
	const of = "OutlierOptions"
	var errs []error
	if !(o.Rate <= 1) {
		errs = append(errs, refuse(of, "Rate", o.Rate, "at most 1"))
	}
	if o.Volume < 1 {
		errs = append(errs, refuse(of, "Volume", o.Volume, "at least 1, or 0 for the default"))
	}
	if o.Slow != 0 && !(o.Slow > 1) {
		errs = append(errs, refuse(of, "Slow", o.Slow, "above 1, or 0 to compare no latencies"))
	}
	if !(o.Quantile > 0 && o.Quantile <= 1) {
		errs = append(errs, refuse(of, "Quantile", o.Quantile, "above 0 and at most 1"))
	}
	if o.Peers < 1 {
		errs = append(errs, refuse(of, "Peers", o.Peers, "at least 1, or 0 for the default"))
	}
	if !(o.Jitter <= 1) {
		errs = append(errs, refuse(of, "Jitter", o.Jitter, "at most 1"))
	}
	if o.Base > o.Max {
		errs = append(errs, refuse(of, "Base", o.Base, "at most Max, which is "+o.Max.String()))
	}
	if o.Interval > 0 && (o.Window < o.Interval || o.Window/o.Interval > mostSlots) {
		errs = append(errs, refuse(of, "Window", o.Window, "between 1 and 1000 times Interval, which is "+o.Interval.String()))
	}
	errs = append(errs, share(of, "Most", o.Most, 0), positive(of, "Interval", o.Interval), positive(of, "Base", o.Base))
	return errors.Join(errs...)
}
