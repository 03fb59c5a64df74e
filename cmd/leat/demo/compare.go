package demo

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/leat-io/leat/cmd/leat/load"
)

// A Comparison is the outcome of the demonstration.
type Comparison struct {
	App     string   `json:"app"`
	Unit    string   `json:"unit"` // of RPS
	Rounds  int      `json:"rounds"`
	Designs []Design `json:"designs"`
}

// A Design is what one way of putting the server together reached. Ratios are against the first design of the same round.
type Design struct {
	Name     string  `json:"name"`
	RPS      float64 `json:"rps"`   // median of the rounds
	Ratio    float64 `json:"ratio"` // median
	RatioMin float64 `json:"ratio_min"`
	RatioMax float64 `json:"ratio_max"`
	P50      float64 `json:"p50_us"` // of the latency that the client saw, median of the rounds
	P99      float64 `json:"p99_us"`
}

func compare(j job, results [][]load.Result) Comparison {
	out := Comparison{App: j.app, Unit: j.unit, Rounds: len(results[0])}
	for i, rs := range results {
		var rps, ratio, p50, p99 []float64
		for round, r := range rs {
			rps = append(rps, r.RPS)
			ratio = append(ratio, r.RPS/results[0][round].RPS)
			p50 = append(p50, float64(r.Latency.P50)/float64(time.Microsecond))
			p99 = append(p99, float64(r.Latency.P99)/float64(time.Microsecond))
		}
		out.Designs = append(out.Designs, Design{
			Name: j.designs[i].name, RPS: median(rps),
			Ratio: median(ratio), RatioMin: slices.Min(ratio), RatioMax: slices.Max(ratio),
			P50: median(p50), P99: median(p99),
		})
	}
	return out
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func (c Comparison) write(out io.Writer) {
	fmt.Fprintf(out, "\nRatios against %s in the same round; medians of %d rounds:\n\n", c.Designs[0].Name, c.Rounds)
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "design\t%s\tratio\tlowest\thighest\tp50\tp99\t\n", c.Unit)
	for _, d := range c.Designs {
		fmt.Fprintf(w, "%s\t%.0f\t%.2f\t%.2f\t%.2f\t%.0f µs\t%.0f µs\t\n", d.Name, d.RPS, d.Ratio, d.RatioMin, d.RatioMax, d.P50, d.P99)
	}
	w.Flush()
}

const remark = `
The client shares the processors, so absolute figures say little. The work here is a few nanoseconds a message:
a queue pays off where a message costs more than about 50 ns, or may wait.
`
