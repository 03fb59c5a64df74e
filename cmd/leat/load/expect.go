package load

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Expect is what a result must satisfy, all of it.
type Expect []Expectation

// An Expectation compares one metric of a Result with a value.
type Expectation struct {
	metric metric
	op     string
	want   float64
	text   string
}

// A metric is one of the names of the language: its unit and where it is in a Result.
type metric struct {
	name string
	unit unit
	of   func(Result) float64
}

type unit uint8

const (
	number  unit = iota
	latency      // in nanoseconds; a result without right replies has none
	percent
)

var metrics = []metric{
	{"rps", number, func(r Result) float64 { return r.RPS }},
	{"mean", latency, func(r Result) float64 { return float64(r.Latency.Mean) }},
	{"p50", latency, func(r Result) float64 { return float64(r.Latency.P50) }},
	{"p90", latency, func(r Result) float64 { return float64(r.Latency.P90) }},
	{"p99", latency, func(r Result) float64 { return float64(r.Latency.P99) }},
	{"p999", latency, func(r Result) float64 { return float64(r.Latency.P999) }},
	{"max", latency, func(r Result) float64 { return float64(r.Latency.Max) }},
	{"success", percent, func(r Result) float64 { return 100 * r.Success }},
	{"errors", number, func(r Result) float64 { return float64(r.ErrorCount()) }},
	{"requests", number, func(r Result) float64 { return float64(r.Requests) }},
}

var compare = map[string]func(got, want float64) bool{
	">":  func(got, want float64) bool { return got > want },
	">=": func(got, want float64) bool { return got >= want },
	"<":  func(got, want float64) bool { return got < want },
	"<=": func(got, want float64) bool { return got <= want },
	"=":  func(got, want float64) bool { return got == want },
}

// ParseExpect reads expectations such as "rps>100000,mean<1ms,success>99%", separated by commas: a metric, an operator, a value.
//
//	rps, errors, requests          a number: 100000, 1e5
//	mean, p50, p90, p99, p999, max a duration with its unit: 250us, 1.5ms, 2s
//	success                        a percentage: 99.9%
//
// The operators are > >= < <= and =. Spaces around each part are allowed. The empty string expects nothing.
func ParseExpect(s string) (Expect, error) {
	var e Expect
	if strings.TrimSpace(s) == "" {
		return e, nil
	}
	for token := range strings.SplitSeq(s, ",") {
		x, err := parseExpectation(strings.TrimSpace(token))
		if err != nil {
			return nil, err
		}
		e = append(e, x)
	}
	return e, nil
}

func parseExpectation(token string) (Expectation, error) {
	x := Expectation{text: token}
	at := strings.IndexAny(token, "<>=")
	if at < 0 {
		return x, fmt.Errorf("load: expectation %q has none of the operators > >= < <= =", token)
	}
	rest := strings.TrimLeft(token[at:], "<>=")
	x.op = token[at : len(token)-len(rest)]
	if compare[x.op] == nil {
		return x, fmt.Errorf("load: operator %q in %q is none of > >= < <= =", x.op, token)
	}
	name := strings.TrimSpace(token[:at])
	i := slices.IndexFunc(metrics, func(m metric) bool { return m.name == name })
	if i < 0 {
		return x, fmt.Errorf("load: metric %q in %q is none of %s", name, token, metricNames())
	}
	x.metric = metrics[i]
	var err error
	if x.want, err = x.metric.unit.parse(strings.TrimSpace(rest)); err != nil {
		return x, fmt.Errorf("load: %q: %s takes %w", token, name, err)
	}
	return x, nil
}

func metricNames() string {
	names := make([]string, len(metrics))
	for i, m := range metrics {
		names[i] = m.name
	}
	return strings.Join(names, ", ")
}

// parse reads a value; its error completes a sentence "… takes".
func (u unit) parse(s string) (float64, error) {
	if u == latency {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return 0, fmt.Errorf("a duration with a unit (ns, us, ms, s, m, h), not %q", s)
		}
		return float64(d), nil
	}
	digits, isPercent := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(digits, 64)
	bad := err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0
	switch {
	case u == percent && (bad || !isPercent || v > 100):
		return 0, fmt.Errorf("a percentage from 0%% to 100%%, not %q", s)
	case u == number && (bad || isPercent):
		return 0, fmt.Errorf("a plain number, not %q", s)
	}
	return v, nil
}

// format writes a value as parse reads it.
func (u unit) format(v float64) string {
	switch u {
	case latency:
		return time.Duration(v).String()
	case percent:
		return strconv.FormatFloat(v, 'g', 10, 64) + "%"
	default:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
}

// String is the expectation as it was written.
func (x Expectation) String() string { return x.text }

// A Failure is an expectation that a result does not satisfy.
type Failure struct {
	Wanted string `json:"wanted"` // "mean<1ms"
	Got    string `json:"got"`    // "1.35ms"
}

func (f Failure) String() string { return fmt.Sprintf("wanted %s, got %s", f.Wanted, f.Got) }

// Check returns what r fails, in the order of e. A latency of a result without right replies fails whatever is expected of it.
func (e Expect) Check(r Result) []Failure {
	var failed []Failure
	for _, x := range e {
		got := x.metric.of(r)
		switch {
		case x.metric.unit == latency && r.OK == 0:
			failed = append(failed, Failure{x.text, "no replies"})
		case !compare[x.op](got, x.want):
			failed = append(failed, Failure{x.text, x.metric.unit.format(got)})
		}
	}
	return failed
}
