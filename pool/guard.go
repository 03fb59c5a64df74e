package pool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/leat-io/leat/pool/health"
)

// A Guard is how a pool finds out which backends serve, and keeps requests from harming those that do not. What is nil is off.
type Guard struct {
	Check   health.Checker         // asks each backend whether it serves, beside the traffic, and at once when a dial or a connection has failed
	Monitor health.MonitorOptions  // how often
	Outlier *health.OutlierOptions // ejects backends that the traffic speaks against
	Breaker *health.BreakerOptions // keeps requests from a backend that fails, for a while; one for each

	// Of requests that a pipeline forwards:
	Budget  *health.BudgetOptions  // bounds retries and copies
	Timeout *health.TimeoutOptions // follows the latencies of a backend; without it there is Traffic.Timeout
	Hedge   *health.HedgeOptions   // sends copies of idempotent requests that take long
}

// WithGuard guards the backends.
func WithGuard(g Guard) Option { return func(p *Pool) { p.guard.Guard = g } }

// A BreakerError says that a request was not sent because the backend has failed too often.
type BreakerError struct{ Backend string }

func (e *BreakerError) Error() string {
	return fmt.Sprintf("backend %s has failed too often and is given a rest", e.Backend)
}

// Unwrap returns health.ErrOpen.
func (e *BreakerError) Unwrap() error { return health.ErrOpen }

// guard is a Guard at work.
type guard struct {
	Guard
	monitor *health.Monitor
	outlier *health.Outlier
	budget  *health.Budget
}

// begin makes what the guard needs, and says what is wrong with its options.
func (g *guard) begin() (err error) {
	if g.Check != nil {
		if g.monitor, err = health.NewMonitor(g.Check, g.Monitor); err != nil {
			return err
		}
	}
	if g.Outlier != nil {
		if g.outlier, err = health.NewOutlier(*g.Outlier); err != nil {
			return err
		}
	}
	budget := g.Budget
	if budget == nil && g.Hedge != nil {
		budget = &health.BudgetOptions{}
	}
	if budget != nil {
		if g.budget, err = health.NewBudget(*budget); err != nil {
			return err
		}
	}
	_, err = g.ward("", health.NewVerdict(nobody{}))
	return err
}

type nobody struct{}

func (nobody) SetUp(bool) {}

// run looks after the backends until ctx ends.
func (g *guard) run(ctx context.Context, running *sync.WaitGroup) {
	if g.monitor != nil {
		running.Go(func() { g.monitor.Run(ctx) })
	}
	if g.outlier != nil {
		running.Go(func() { g.outlier.Run(ctx) })
	}
}

// apply has the backends of the list checked, and no others.
func (g *guard) apply(list []*backend) error {
	if g.monitor == nil {
		return nil
	}
	var targets []health.Target
	for _, b := range list {
		if b != nil {
			targets = append(targets, health.Target{Name: b.member.Name, Address: b.member.Address, Member: b.ward.probe})
		}
	}
	return g.monitor.Apply(targets)
}

// A ward is what guards one backend. Its parts may be nil.
type ward struct {
	probe   health.Member // how the monitor speaks of it
	record  *health.Record
	latency *health.Latency
	breaker *health.Breaker
	timeout *health.Timeout
	hedge   *health.Hedge
}

// ward makes what guards a backend of this name.
func (g *guard) ward(name string, v *health.Verdict) (w ward, err error) {
	w.probe = v.Voice()
	if g.Breaker != nil {
		if w.breaker, err = health.NewBreaker(*g.Breaker); err != nil {
			return w, err
		}
	}
	if g.Timeout == nil && g.Hedge == nil && g.outlier == nil {
		return w, nil
	}
	if g.outlier != nil && name != "" {
		w.record = g.outlier.Add(name, v.Voice())
		w.latency = w.record.Latency()
	} else if w.latency, err = health.NewLatency(health.LatencyOptions{}); err != nil {
		return w, err
	}
	if g.Timeout != nil {
		if w.timeout, err = health.NewTimeout(w.latency, *g.Timeout); err != nil {
			return w, err
		}
	}
	if g.Hedge != nil {
		w.hedge, err = health.NewHedge(w.latency, g.budget, *g.Hedge)
	}
	return w, err
}

// allow asks whether a request may be sent. Whoever may owes the permit to told.
func (w *ward) allow() (health.Permit, bool) {
	if w.breaker == nil {
		return 0, true
	}
	return w.breaker.Allow()
}

// ignore gives a permit back for a request that was not sent.
func (w *ward) ignore(p health.Permit) {
	if w.breaker != nil {
		w.breaker.Done(p, health.Ignored)
	}
}

// told says what became of a request.
func (w *ward) told(p health.Permit, latency time.Duration, err error) {
	if err != nil && !late(err) {
		latency = 0 // it says nothing about how long an answer takes
	}
	switch {
	case w.record != nil:
		w.record.Report(latency, err != nil)
	case w.latency != nil && latency > 0:
		w.latency.Observe(latency)
	}
	if w.breaker != nil {
		w.breaker.Done(p, health.OutcomeOf(err))
	}
}

// late says whether err is that a reply did not come in time.
func late(err error) bool {
	t, ok := errors.AsType[*TimeoutError](err)
	return ok && t != nil
}
