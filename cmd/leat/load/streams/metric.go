package streams

import (
	"fmt"
	"strings"

	"github.com/leat-io/leat/cmd/leat/load/expect"
	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// Expect is what a result must satisfy, all of it.
type Expect = expect.All[Result]

type metric = expect.Metric[Result]

var figures = []struct {
	name string
	unit expect.Unit
	of   func(Result) float64
}{
	{"rps", expect.Number, func(r Result) float64 { return r.RPS }},
	{"success", expect.Percent, func(r Result) float64 { return 100 * r.Success }},
	{"errors", expect.Number, func(r Result) float64 { return float64(r.ErrorCount) }},
	{"requests", expect.Number, func(r Result) float64 { return float64(r.Requests) }},
}

// MetricNames are the names that ParseExpect knows.
func MetricNames() (names []string) {
	for _, f := range figures {
		names = append(names, f.name)
	}
	for _, scope := range []string{"", "late."} {
		for _, t := range latency.Figures {
			names = append(names, scope+t.Name)
		}
	}
	return names
}

// ParseExpect reads expectations such as "rps>100000,success=100%,p99<1ms", separated by commas.
func ParseExpect(s string) (Expect, error) { return expect.Parse(s, parseMetric) }

func parseMetric(name string) (metric, error) {
	for _, f := range figures {
		if f.name == name {
			return metric{Unit: f.unit, Of: func(r Result) (float64, string) { return f.of(r), "" }}, nil
		}
	}
	short, late := strings.CutPrefix(name, "late.")
	for _, t := range latency.Figures {
		if t.Name == short {
			return metric{Unit: expect.Elapsed, Of: func(r Result) (float64, string) {
				switch {
				case r.OK == 0:
					return 0, "no replies"
				case late && r.Late == nil:
					return 0, "a closed loop"
				case late:
					return float64(t.Of(*r.Late)), ""
				}
				return float64(t.Of(r.Latency)), ""
			}}, nil
		}
	}
	return metric{}, fmt.Errorf("is none of %s", strings.Join(MetricNames(), ", "))
}
