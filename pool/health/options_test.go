package health_test

import (
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/health"
)

type validator interface{ Validate() error }

func TestOptionsThatMakeNoSenseAreNamed(t *testing.T) {
	for _, c := range []struct {
		o    validator
		want string
	}{
		{health.Backoff{}, ""},
		{health.Backoff{Min: time.Hour}, ""},
		{health.Backoff{Factor: .5}, "health: Backoff.Factor is 0.5: it must be at least 1, or 0 for the default"},
		{health.Backoff{Min: time.Minute, Max: time.Second}, "Backoff.Min is 1m0s: it must be at most Max, which is 1s"},
		{health.Backoff{Jitter: 2}, "Backoff.Jitter is 2"},
		{health.Backoff{Min: -1}, "Backoff.Min is -1ns"},
		{health.BreakerOptions{}, ""},
		{health.BreakerOptions{InARow: -1, Rate: -1}, ""},
		{health.BreakerOptions{InARow: 256}, "BreakerOptions.InARow is 256: it must be at most 255"},
		{health.BreakerOptions{Rate: 1.5}, "BreakerOptions.Rate is 1.5"},
		{health.BreakerOptions{Volume: 40_000}, "BreakerOptions.Volume is 40000: it must be between 1 and 32767"},
		{health.BreakerOptions{Trials: -1}, "BreakerOptions.Trials is -1"},
		{health.BreakerOptions{Window: -1}, "BreakerOptions.Window is -1ns"},
		{health.BreakerOptions{Open: health.Backoff{Factor: .1}}, "BreakerOptions.Open.Factor is 0.1"},
		{health.BudgetOptions{}, ""},
		{health.BudgetOptions{Share: 2}, "BudgetOptions.Share is 2"},
		{health.BudgetOptions{PerSecond: 1e10}, "BudgetOptions.PerSecond is 1e+10"},
		{health.BudgetOptions{Window: 3}, "BudgetOptions.Window is 3ns"},
		{health.LatencyOptions{}, ""},
		{health.LatencyOptions{Volume: -1}, "LatencyOptions.Volume is -1"},
		{health.LatencyOptions{HalfLife: -1}, "LatencyOptions.HalfLife is -1ns"},
		{health.TimeoutOptions{}, ""},
		{health.TimeoutOptions{Quantile: 1}, "TimeoutOptions.Quantile is 1"},
		{health.TimeoutOptions{Factor: .5}, "TimeoutOptions.Factor is 0.5"},
		{health.TimeoutOptions{Min: 2, Max: 1}, "TimeoutOptions.Min is 2ns: it must be at most Max, which is 1ns"},
		{health.TimeoutOptions{Initial: -1}, "TimeoutOptions.Initial is -1ns"},
		{health.HedgeOptions{}, ""},
		{health.HedgeOptions{Quantile: -1}, "HedgeOptions.Quantile is -1"},
		{health.HedgeOptions{Min: 2, Max: 1}, "HedgeOptions.Min is 2ns"},
		{health.OutlierOptions{}, ""},
		{health.OutlierOptions{InARow: -1, Rate: -1, SlowMin: -1, Jitter: -1}, ""},
		{health.OutlierOptions{Rate: 2}, "OutlierOptions.Rate is 2"},
		{health.OutlierOptions{Volume: -1}, "OutlierOptions.Volume is -1"},
		{health.OutlierOptions{Slow: 1}, "OutlierOptions.Slow is 1"},
		{health.OutlierOptions{Quantile: 2}, "OutlierOptions.Quantile is 2"},
		{health.OutlierOptions{Peers: -1}, "OutlierOptions.Peers is -1"},
		{health.OutlierOptions{Most: 2}, "OutlierOptions.Most is 2"},
		{health.OutlierOptions{Jitter: 2}, "OutlierOptions.Jitter is 2"},
		{health.OutlierOptions{Base: time.Hour, Max: time.Minute}, "OutlierOptions.Base is 1h0m0s"},
		{health.OutlierOptions{Interval: time.Minute}, "OutlierOptions.Window is 10s: it must be between 1 and 1000 times Interval, which is 1m0s"},
		{health.OutlierOptions{Interval: -1}, "OutlierOptions.Interval is -1ns"},
		{health.MonitorOptions{}, ""},
		{health.MonitorOptions{Interval: time.Microsecond}, "MonitorOptions.Interval is 1µs: it must be at least 1ms"},
		{health.MonitorOptions{Dead: time.Millisecond}, "MonitorOptions.Dead is 1ms: it must be at least 1s"},
		{health.MonitorOptions{Jitter: 2}, "MonitorOptions.Jitter is 2"},
		{health.MonitorOptions{Fall: -1}, "MonitorOptions.Fall is -1"},
		{health.MonitorOptions{Rise: -1}, "MonitorOptions.Rise is -1"},
		{health.MonitorOptions{Concurrency: -1}, "MonitorOptions.Concurrency is -1"},
		{health.MonitorOptions{Timeout: -1}, "MonitorOptions.Timeout is -1ns"},
		{health.Exchange{Prefix: "a"}, ""},
		{health.Exchange{}, "Exchange.Prefix is \"\": it must be given where there is no Match"},
		{health.Exchange{Prefix: "a", Most: 1 << 30}, "Exchange.Most is 1073741824"},
		{health.Exchange{Prefix: "abc", Most: 2}, "Exchange.Most is 2"},
		{health.Exchange{Prefix: "a", Until: "b"}, "Exchange.Until is b"},
	} {
		err := c.o.Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%T%+v: %v, want %q", c.o, c.o, err, c.want)
		}
		if _, made := construct(c.o); (made == nil) != (err == nil) {
			t.Errorf("%T%+v: Validate says %v, and to make one says %v", c.o, c.o, err, made)
		}
	}
}

// construct makes what the options are for.
func construct(o validator) (any, error) {
	l := must(health.NewLatency(health.LatencyOptions{}))
	switch o := o.(type) {
	case health.BreakerOptions:
		return health.NewBreaker(o)
	case health.BudgetOptions:
		return health.NewBudget(o)
	case health.LatencyOptions:
		return health.NewLatency(o)
	case health.TimeoutOptions:
		return health.NewTimeout(l, o)
	case health.HedgeOptions:
		return health.NewHedge(l, nil, o)
	case health.OutlierOptions:
		return health.NewOutlier(o)
	case health.MonitorOptions:
		return health.NewMonitor(health.TCP(), o)
	case health.Exchange:
		return health.SendExpect(o)
	}
	return nil, o.Validate()
}

func TestTargetsThatMakeNoSenseAreNamed(t *testing.T) {
	m := monitor(t, health.TCP(), health.MonitorOptions{})
	for want, targets := range map[string][]health.Target{
		`target 1 (address "b") has no name`: {{Name: "a", Address: "a"}, {Address: "b"}},
		`target "a" has no address`:          {{Name: "a"}},
		`two targets have the name "a"`:      {{Name: "a", Address: "a"}, {Name: "a", Address: "b"}},
	} {
		if err := m.Apply(targets); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", targets, err)
		}
	}
	if n := len(m.Stats()); n != 0 {
		t.Errorf("%d targets of a refused list", n)
	}
	if _, err := health.NewMonitor(nil, health.MonitorOptions{}); err == nil {
		t.Error("a monitor has no checker")
	}
	if _, err := must(health.NewLatency(health.LatencyOptions{})).Track(0); err == nil {
		t.Error("the quantile 0 is tracked")
	}
}
