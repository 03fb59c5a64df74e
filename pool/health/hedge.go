package health

import (
	"cmp"
	"errors"
	"time"
)

// A Hedge says when a request is sent to a second backend although the first may still answer: when it has taken longer than most
// do (Dean and Barroso, "The Tail at Scale", CACM 56, 2013). The first answer counts, so it is for requests that may run twice.
//
//	budget.Deposit()
//	wait, ok := h.Delay()
//	// send; when there is no answer after wait:
//	if ok && h.Spend() {
//		// send to another
//	}
type Hedge struct {
	o      HedgeOptions
	at     *Quantile
	budget *Budget
}

// HedgeOptions say when a second copy is sent.
type HedgeOptions struct {
	Quantile float64       // of the latencies, behind which it is. Default 0.95, which makes one in twenty a second one.
	Min      time.Duration // what is waited at least. Default 1 ms.
	Max      time.Duration // what is waited at most. Default 1 s.
}

// Validate says what is wrong with the options.
func (o HedgeOptions) Validate() error { return o.withDefaults().validate() }

func (o HedgeOptions) withDefaults() HedgeOptions {
	o.Quantile = cmp.Or(o.Quantile, .95)
	o.Min = cmp.Or(o.Min, time.Millisecond)
	o.Max = cmp.Or(o.Max, max(time.Second, o.Min))
	return o
}

func (o HedgeOptions) validate() error {
	const of = "HedgeOptions"
	var errs []error
	if !(o.Quantile > 0 && o.Quantile < 1) {
		errs = append(errs, refuse(of, "Quantile", o.Quantile, "between 0 and 1"))
	}
	if o.Min > o.Max {
		errs = append(errs, refuse(of, "Min", o.Min, "at most Max, which is "+o.Max.String()))
	}
	errs = append(errs, positive(of, "Min", o.Min), positive(of, "Max", o.Max))
	return errors.Join(errs...)
}

// NewHedge derives the delay from a distribution, and takes each copy from a budget. Where the load of all of them matters, that is
// the budget of the retries.
func NewHedge(l *Latency, b *Budget, o HedgeOptions) (*Hedge, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	at, err := l.Track(o.Quantile)
	if err != nil {
		return nil, err
	}
	return &Hedge{o: o, at: at, budget: b}, nil
}

// Delay is how long to wait for the first answer, or false when too little has been observed to say what is long.
func (h *Hedge) Delay() (time.Duration, bool) {
	d, known := h.at.Load()
	return min(max(d, h.o.Min), h.o.Max), known
}

// Spend asks, when the delay has passed, whether the second copy may be sent.
func (h *Hedge) Spend() bool { return h.budget.Withdraw() }
