package plot

import (
	"fmt"
	"time"

	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/load/latency"
	"github.com/leat-io/leat/internal/chart"
)

// charts are what is drawn of the results.
func charts(results []load.Result) []chart.Chart {
	return []chart.Chart{byPercentile(results), throughput(results), overTime(results)}
}

// size is that of each chart.
var size = chart.Size{Width: 880, Height: 300}

// byPercentile is the distribution of each result as HdrHistogram plots it.
func byPercentile(results []load.Result) chart.Chart {
	var all []chart.Distribution
	for i, r := range results {
		d := chart.Distribution{Class: chart.Colour(i), Title: Name(r) + ": latency by percentile", Count: r.OK}
		for _, q := range r.Distribution {
			d.Quantiles = append(d.Quantiles, chart.Quantile(q))
		}
		all = append(all, d)
	}
	return chart.ByPercentile(size, all)
}

// throughput is the right replies of each result over time.
func throughput(results []load.Result) chart.Chart {
	most := 0.
	for _, r := range results {
		for _, s := range r.Timeline {
			most = max(most, rate(s))
		}
	}
	c := chart.Chart{Size: size, Title: "Throughput over time", X: timeAxis(results), Y: chart.Linear("right replies per second", most, chart.PerSecond)}
	for i, r := range results {
		c.Add(overTimeLine(c, r, chart.Colour(i), "replies per second", func(s latency.Step) float64 { return rate(s) }))
	}
	c.Marks = phases(results, c.X)
	return c
}

// overTime is the median and the 99th percentile of each result.
func overTime(results []load.Result) chart.Chart {
	var span chart.Durations
	for _, r := range results {
		for _, s := range r.Timeline {
			if s.Count > 0 {
				span.Add(s.P50)
				span.Add(s.P99)
			}
		}
	}
	c := chart.Chart{
		Size:  size,
		Title: "Latency over time: 50 % (solid) and 99 % (dashed) of the replies of each moment",
		X:     timeAxis(results), Y: chart.Logarithmic("latency (log)", span.Least, span.Most),
	}
	for i, r := range results {
		c.Add(overTimeLine(c, r, chart.Colour(i), "50th percentile", func(s latency.Step) float64 { return float64(s.P50) }))
		c.Add(overTimeLine(c, r, chart.Colour(i)+" dashed", "99th percentile", func(s latency.Step) float64 { return float64(s.P99) }))
	}
	c.Marks = phases(results, c.X)
	return c
}

// overTimeLine is a line with a value for each step of a result.
func overTimeLine(c chart.Chart, r load.Result, class, what string, value func(latency.Step) float64) chart.Line {
	l := chart.Line{Class: class, Title: Name(r) + ": " + what, Steps: true}
	for _, s := range r.Timeline {
		l.Points = append(l.Points, chart.Point{X: c.X.Place(s.At.Seconds()), Y: c.Y.Place(value(s))})
	}
	if n := len(r.Timeline); n > 0 { // the last value holds to the end of its step
		last := r.Timeline[n-1]
		l.Points = append(l.Points, chart.Point{X: c.X.Place((last.At + last.Length).Seconds()), Y: c.Y.Place(value(last))})
	}
	return l
}

func timeAxis(results []load.Result) chart.Scale {
	var most time.Duration
	for _, r := range results {
		for _, s := range r.Timeline {
			most = max(most, s.At+s.Length)
		}
	}
	return chart.Linear("time since the end of the warm-up, in seconds", most.Seconds(), chart.Seconds)
}

// phases marks where those of a profile begin, if all results have the same.
func phases(results []load.Result, x chart.Scale) (marks []chart.Mark) {
	var begin time.Duration
	for _, r := range results {
		if r.Profile != results[0].Profile {
			return nil
		}
	}
	for _, p := range results[0].Phases {
		marks = append(marks, chart.Mark{At: x.Place(begin.Seconds()), Text: p.Phase})
		begin += p.Length
	}
	return marks
}

func rate(s latency.Step) float64 {
	if s.Length <= 0 {
		return 0
	}
	return float64(s.Count) / s.Length.Seconds()
}

// Name is how a result is called: its label, or what it was.
func Name(r load.Result) string {
	if r.Label != "" {
		return r.Label
	}
	return fmt.Sprintf("%s loop, %d users, depth %d, %s", r.Loop, r.Users, r.Depth, r.Address)
}
