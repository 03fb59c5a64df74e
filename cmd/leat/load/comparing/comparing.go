// Package comparing puts the load of package load on the variants of a comparison.
//
//	cfg := compare.Config{Load: comparing.With(load.Config{Protocol: load.Line, Conns: 64, Depth: 16})}
package comparing

import (
	"context"
	"errors"
	"time"

	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/pipeline/compare"
)

// With is the load that cfg describes. Its address and its end are those of each run; with a profile, the times are the
// profile's.
func With(cfg load.Config) compare.Load {
	return func(ctx context.Context, t compare.Target) (compare.Outcome, error) {
		c := cfg
		c.Address, c.Begin, c.End = t.Address, t.Begin, t.End
		if len(c.Profile) == 0 {
			c.Warmup, c.Duration = t.Warmup, t.Duration
		}
		res, err := load.Run(ctx, c)
		if err != nil {
			return compare.Outcome{}, err
		}
		o := outcome(res)
		if o.Messages == 0 && len(res.Errors) > 0 {
			return o, errors.New("no request was answered rightly: " + res.Errors[0].Example)
		}
		return o, nil
	}
}

func outcome(res load.Result) compare.Outcome {
	o := compare.Outcome{
		Messages: res.OK, Elapsed: res.Elapsed, Wrong: res.Requests - res.OK - res.Canceled, Rate: res.Rate,
	}
	for _, q := range res.Distribution {
		o.Latency = append(o.Latency, compare.Quantile(q))
	}
	if res.Open != nil {
		o.Late = res.Open.Late.P99
	}
	if len(res.Phases) > 0 { // the mean rate of the profile
		var due int64
		var length time.Duration
		for _, p := range res.Phases {
			due, length = due+p.Requests, length+p.Length
		}
		o.Rate = float64(due) / length.Seconds()
	}
	return o
}
