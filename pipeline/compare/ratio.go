package compare

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// confidence is that of all intervals.
const confidence = .95

// sample keeps the order of values, which benchmath would change.
func sample(values []float64) *benchmath.Sample {
	return benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds)
}

// median is that of at least one value.
func median(values []float64) float64 {
	return benchmath.AssumeNothing.Summary(sample(values), confidence).Center
}

// An Interval holds a ratio with a confidence of 95 %.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// A Ratio is that of a variant's figure to the first variant's.
type Ratio struct {
	Mean     float64   `json:"mean"`               // geometric
	Interval *Interval `json:"interval,omitempty"` // nil with fewer than two pairs
	Pairs    int       `json:"pairs"`              // of runs of the same round
	Verdict  Verdict   `json:"verdict"`
}

// Paired returns the ratio of figures to those of the base in the same places, which are as many and greater than 0. More
// says whether more is better. Bound is as in [Config].
func Paired(base, figures []float64, more bool, bound float64) Ratio {
	logs := make([]float64, len(base))
	for i := range base {
		logs[i] = math.Log(figures[i] / base[i])
	}
	s := benchmath.AssumeNormal.Summary(sample(logs), confidence)
	r := Ratio{Mean: math.Exp(s.Center), Pairs: len(base)}
	if len(base) > 1 {
		r.Interval = &Interval{math.Exp(s.Lo), math.Exp(s.Hi)}
	}
	r.Verdict = judge(r.Interval, more, bound)
	return r
}

// A Verdict is what an interval says.
type Verdict string

// The verdicts.
const (
	Better     Verdict = "better"        // the interval does not hold 1
	Worse      Verdict = "worse"         // the interval does not hold 1
	Same       Verdict = "no difference" // it holds 1 and lies within the bound
	Unresolved Verdict = "unresolved"    // it holds 1 and is wider
)

func judge(i *Interval, more bool, bound float64) Verdict {
	switch {
	case i == nil:
		return Unresolved
	case i.Low > 1 && more, i.High < 1 && !more:
		return Better
	case i.Low > 1, i.High < 1:
		return Worse
	case i.Low >= 1-bound && i.High <= 1+bound:
		return Same
	}
	return Unresolved
}
