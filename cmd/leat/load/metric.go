package load

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/leat-io/leat/cmd/leat/load/expect"
	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// A metric is a name of the language of expectations.
type metric = expect.Metric[Result]

// figures are those of a whole run, but for latencies.
var figures = []struct {
	name string
	unit expect.Unit
	of   func(Result) float64
}{
	{"rps", expect.Number, func(r Result) float64 { return r.RPS }},
	{"success", expect.Percent, func(r Result) float64 { return 100 * r.Success }},
	{"errors", expect.Number, func(r Result) float64 { return float64(r.ErrorCount()) }},
	{"requests", expect.Number, func(r Result) float64 { return float64(r.Requests) }},
}

// MetricNames are the names that ParseExpect knows, but for the phases.
func MetricNames() (names []string) {
	for _, f := range figures {
		names = append(names, f.name)
	}
	for _, scope := range []string{"", "connect.", "service.", "late."} {
		for _, t := range latency.Figures {
			names = append(names, scope+t.Name)
		}
	}
	return names
}

// parseMetric finds what a name stands for.
func parseMetric(name string) (metric, error) {
	scope, figure, scoped := strings.Cut(name, ".")
	if !scoped {
		scope, figure = "", name
	}
	unknown := fmt.Errorf("is none of %s, nor one of phaseN", strings.Join(MetricNames(), ", "))
	if number, ok := strings.CutPrefix(scope, "phase"); ok {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 {
			return metric{}, unknown
		}
		m, ok := phaseMetric(n, figure)
		if !ok {
			return metric{}, unknown
		}
		return m, nil
	}
	if scope == "" {
		for _, f := range figures {
			if f.name == figure {
				return metric{Unit: f.unit, Of: func(r Result) (float64, string) { return f.of(r), "" }}, nil
			}
		}
	}
	of, ok := latencies[scope]
	for _, t := range latency.Figures {
		if ok && t.Name == figure {
			return metric{Unit: expect.Elapsed, Of: func(r Result) (float64, string) {
				l, missing := of(r)
				return float64(t.Of(l)), missing
			}}, nil
		}
	}
	return metric{}, unknown
}

const noReplies = "no replies"

// latencies are the distributions of a result by the scope of a name.
var latencies = map[string]func(Result) (l Latency, missing string){
	"": func(r Result) (Latency, string) {
		if r.OK == 0 {
			return Latency{}, noReplies
		}
		return r.Latency, ""
	},
	"connect": func(r Result) (Latency, string) {
		if r.Connect == (Latency{}) {
			return Latency{}, "no connections"
		}
		return r.Connect, ""
	},
	"service": func(r Result) (Latency, string) { return openLatency(r, func(o *Open) Latency { return o.Service }) },
	"late":    func(r Result) (Latency, string) { return openLatency(r, func(o *Open) Latency { return o.Late }) },
}

func openLatency(r Result, of func(*Open) Latency) (Latency, string) {
	switch {
	case r.Open == nil:
		return Latency{}, "a closed loop"
	case r.OK == 0:
		return Latency{}, noReplies
	}
	return of(r.Open), ""
}

// phaseMetric is a figure of phase n, counted from 1, of those that the result shows.
func phaseMetric(n int, figure string) (metric, bool) {
	with := func(u expect.Unit, of func(PhaseResult) float64) metric {
		return metric{Unit: u, Of: func(r Result) (float64, string) {
			switch {
			case n > len(r.Phases):
				return 0, fmt.Sprintf("%d phases", len(r.Phases))
			case u == expect.Elapsed && r.Phases[n-1].OK == 0:
				return 0, noReplies
			}
			return of(r.Phases[n-1]), ""
		}}
	}
	switch figure {
	case "rps":
		return with(expect.Number, func(p PhaseResult) float64 { return p.RPS }), true
	case "requests":
		return with(expect.Number, func(p PhaseResult) float64 { return float64(p.Requests) }), true
	case "success":
		return with(expect.Percent, func(p PhaseResult) float64 { return 100 * float64(p.OK) / max(1, float64(p.Requests)) }), true
	}
	for _, t := range latency.Figures {
		if t.Name == figure {
			return with(expect.Elapsed, func(p PhaseResult) float64 { return float64(t.Of(p.Latency)) }), true
		}
	}
	return metric{}, false
}
