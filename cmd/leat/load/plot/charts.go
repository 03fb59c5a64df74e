package plot

import (
	"fmt"
	"time"

	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// charts are what is drawn of the results.
func charts(results []load.Result) []chart {
	return []chart{byPercentile(results), throughput(results), overTime(results)}
}

// byPercentile is the distribution of each result as HdrHistogram plots it.
func byPercentile(results []load.Result) chart {
	var replies int64
	var span durations
	for _, r := range results {
		replies = max(replies, r.OK)
		for _, q := range r.Distribution {
			span.add(q.Value)
		}
	}
	c := chart{
		title: "Latency by percentile",
		x:     nines("part of the replies that came within the latency (each step is one more nine)", replies),
		y:     logarithmic("latency (log)", span.least, span.most),
	}
	for i, r := range results {
		l := line{class: colour(i), title: Name(r) + ": latency by percentile", steps: true}
		for _, q := range r.Distribution {
			l.points = append(l.points, point{c.x.place(q.Below), c.y.place(float64(q.Value))})
		}
		c.add(l)
	}
	return c
}

// throughput is the right replies of each result over time.
func throughput(results []load.Result) chart {
	most := 0.
	for _, r := range results {
		for _, s := range r.Timeline {
			most = max(most, rate(s))
		}
	}
	c := chart{title: "Throughput over time", x: timeAxis(results), y: linear("right replies per second", most, perSecond)}
	for i, r := range results {
		c.add(c.overTime(r, colour(i), "replies per second", func(s latency.Step) float64 { return rate(s) }))
	}
	c.marks = phases(results, c.x)
	return c
}

// overTime is the median and the 99th percentile of each result.
func overTime(results []load.Result) chart {
	var span durations
	for _, r := range results {
		for _, s := range r.Timeline {
			if s.Count > 0 {
				span.add(s.P50)
				span.add(s.P99)
			}
		}
	}
	c := chart{
		title: "Latency over time: 50 % (solid) and 99 % (dashed) of the replies of each moment",
		x:     timeAxis(results), y: logarithmic("latency (log)", span.least, span.most),
	}
	for i, r := range results {
		c.add(c.overTime(r, colour(i), "50th percentile", func(s latency.Step) float64 { return float64(s.P50) }))
		c.add(c.overTime(r, colour(i)+" dashed", "99th percentile", func(s latency.Step) float64 { return float64(s.P99) }))
	}
	c.marks = phases(results, c.x)
	return c
}

// add adds a line that has something to show.
func (c *chart) add(l line) {
	if len(l.points) > 0 {
		c.lines = append(c.lines, l)
	}
}

// overTime is a line with a value for each step of a result.
func (c *chart) overTime(r load.Result, class, what string, value func(latency.Step) float64) line {
	l := line{class: class, title: Name(r) + ": " + what, steps: true}
	for _, s := range r.Timeline {
		l.points = append(l.points, point{c.x.place(s.At.Seconds()), c.y.place(value(s))})
	}
	if n := len(r.Timeline); n > 0 { // the last value holds to the end of its step
		last := r.Timeline[n-1]
		l.points = append(l.points, point{c.x.place((last.At + last.Length).Seconds()), c.y.place(value(last))})
	}
	return l
}

func timeAxis(results []load.Result) scale {
	var most time.Duration
	for _, r := range results {
		for _, s := range r.Timeline {
			most = max(most, s.At+s.Length)
		}
	}
	return linear("time since the end of the warm-up, in seconds", most.Seconds(), seconds)
}

// phases marks where those of a profile begin, if all results have the same.
func phases(results []load.Result, x scale) (marks []mark) {
	var begin time.Duration
	for _, r := range results {
		if r.Profile != results[0].Profile {
			return nil
		}
	}
	for _, p := range results[0].Phases {
		marks = append(marks, mark{x.place(begin.Seconds()), p.Phase})
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

// durations is a range.
type durations struct{ least, most time.Duration }

func (d *durations) add(v time.Duration) {
	if d.most == 0 || v < d.least {
		d.least = v
	}
	d.most = max(d.most, v)
}

// Name is how a result is called: its label, or what it was.
func Name(r load.Result) string {
	if r.Label != "" {
		return r.Label
	}
	return fmt.Sprintf("%s loop, %d users, depth %d, %s", r.Loop, r.Users, r.Depth, r.Address)
}

// colour is the class of the result with a number; there are as many as a reader can tell apart.
func colour(i int) string { return fmt.Sprintf("s%d", i%colours) }
