package datagram

import (
	"fmt"
	"strings"

	"github.com/leat-io/leat/cmd/leat/load/expect"
	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// Expect is what a result must satisfy, all of it.
type Expect = expect.All[Result]

type metric = expect.Metric[Result]

// A quantity is a figure that is no latency.
type quantity struct {
	name string
	unit expect.Unit
	of   func(Result) float64
	sent bool // who only sends has it, too
}

var quantities = []quantity{
	{"rate", expect.Number, func(r Result) float64 { return r.SentRate }, true},
	{"sent", expect.Number, func(r Result) float64 { return float64(r.Sent) }, true},
	{"unsent", expect.Number, func(r Result) float64 { return float64(r.Unsent) }, true},
	{"overrun", expect.Number, func(r Result) float64 { return float64(r.Overrun) }, true},
	{"errors", expect.Number, func(r Result) float64 { return float64(r.Errors) }, true},
	{"cores", expect.Number, func(r Result) float64 { return r.CPU.Cores }, true},
	{"pps", expect.Number, func(r Result) float64 { return r.PPS }, false},
	{"loss", expect.Percent, func(r Result) float64 { return 100 * r.Loss }, false},
	{"received", expect.Number, func(r Result) float64 { return float64(r.Received) }, false},
	{"lost", expect.Number, func(r Result) float64 { return float64(r.Lost) }, false},
	{"duplicates", expect.Number, func(r Result) float64 { return float64(r.Duplicates) }, false},
	{"reordered", expect.Number, func(r Result) float64 { return float64(r.Reordered) }, false},
	{"stale", expect.Number, func(r Result) float64 { return float64(r.Stale) }, false},
	{"corrupt", expect.Number, func(r Result) float64 { return float64(r.Corrupt) }, false},
	{"foreign", expect.Number, func(r Result) float64 { return float64(r.Foreign) }, false},
	{"unended", expect.Number, func(r Result) float64 { return float64(r.Unended) }, false},
	{"drops", expect.Number, func(r Result) float64 { return float64(r.Drops) }, false},
}

// missing says why a result does not have a figure.
func (q quantity) missing(r Result) string {
	switch {
	case !q.sent && r.Role == SendOnly:
		return "a run that receives nothing"
	case q.name == "loss" && r.Sent == 0:
		return "nothing that was sent"
	case q.name == "drops" && r.Drops < 0:
		return "a system that does not say"
	}
	return ""
}

// scopes are the latencies by what stands before their figures.
var scopes = []struct {
	name string
	of   func(Result) *latency.Summary
}{
	{"", func(r Result) *latency.Summary { return r.Latency }},
	{"service.", func(r Result) *latency.Summary { return r.Service }},
	{"late.", func(r Result) *latency.Summary { return r.Late }},
}

// MetricNames are the names that ParseExpect knows.
func MetricNames() (names []string) {
	for _, f := range quantities {
		names = append(names, f.name)
	}
	for _, s := range scopes {
		for _, t := range latency.Figures {
			names = append(names, s.name+t.Name)
		}
	}
	return names
}

// ParseExpect reads expectations such as "loss<0.01%,duplicates=0,p99<1ms,pps>100000", separated by commas.
//
//	rate, pps                                  datagrams sent, received a second
//	loss                                       a percentage
//	sent, received, lost, unsent, duplicates,
//	reordered, stale, corrupt, foreign,
//	unended, overrun, drops, errors                     numbers
//	cores                                      processors that this process used, 0.5 for half of one
//	mean, p50, p90, p99, p999, max             durations: of the latency; service. and late. before one are those of these
func ParseExpect(s string) (Expect, error) { return expect.Parse(s, parseMetric) }

func parseMetric(name string) (metric, error) {
	for _, f := range quantities {
		if f.name == name {
			return metric{Unit: f.unit, Of: func(r Result) (float64, string) { return f.of(r), f.missing(r) }}, nil
		}
	}
	for _, s := range scopes {
		for _, t := range latency.Figures {
			if s.name+t.Name == name {
				return metric{Unit: expect.Elapsed, Of: func(r Result) (float64, string) {
					l := s.of(r)
					if l == nil {
						return 0, "nothing that was measured"
					}
					return float64(t.Of(*l)), ""
				}}, nil
			}
		}
	}
	return metric{}, fmt.Errorf("is none of %s", strings.Join(MetricNames(), ", "))
}
