package chart

import "time"

// A Quantile is a point of a distribution: the part Below of all latencies, 0 to 1, is at most Value.
type Quantile struct {
	Below float64
	Value time.Duration
}

// A Distribution is what one series of ByPercentile shows.
type Distribution struct {
	Title     string // see Line
	Class     string // see Line
	Count     int64  // of the latencies: how far out a percentile means something
	Quantiles []Quantile
}

// ByPercentile draws distributions as HdrHistogram plots them.
func ByPercentile(size Size, all []Distribution) Chart {
	var count int64
	var span Durations
	for _, d := range all {
		count = max(count, d.Count)
		for _, q := range d.Quantiles {
			span.Add(q.Value)
		}
	}
	c := Chart{
		Size:  size,
		Title: "Latency by percentile",
		X:     Nines("percentile; each step is one more nine", count),
		Y:     Logarithmic("latency (log)", span.Least, span.Most),
	}
	for _, d := range all {
		l := Line{Class: d.Class, Title: d.Title, Steps: true}
		for _, q := range d.Quantiles {
			l.Points = append(l.Points, Point{c.X.Place(q.Below), c.Y.Place(float64(q.Value))})
		}
		c.Add(l)
	}
	return c
}

// Add adds a line that has something to show.
func (c *Chart) Add(l Line) {
	if len(l.Points) > 0 {
		c.Lines = append(c.Lines, l)
	}
}

// Durations is a range of them. The zero value is empty.
type Durations struct{ Least, Most time.Duration }

// Add widens the range so that it holds v.
func (d *Durations) Add(v time.Duration) {
	if d.Most == 0 || v < d.Least {
		d.Least = v
	}
	d.Most = max(d.Most, v)
}
