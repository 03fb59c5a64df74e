package load

import (
	"fmt"
	"strings"
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
// The times are those of the latency; connect., service. and late. before one are those of Result.Connect, Open.Service and
// Open.Late. phase1. and so on before a time, rps, requests or success are those of one phase of a profile, warm ones not counted.
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
	var err error
	if x.metric, err = parseMetric(name); err != nil {
		return x, fmt.Errorf("load: metric %q in %q %w", name, token, err)
	}
	if x.want, err = x.metric.unit.parse(strings.TrimSpace(rest)); err != nil {
		return x, fmt.Errorf("load: %q: %s takes %w", token, name, err)
	}
	return x, nil
}

// String is the expectation as it was written.
func (x Expectation) String() string { return x.text }

// A Failure is an expectation that a result does not satisfy.
type Failure struct {
	Wanted string `json:"wanted"` // "mean<1ms"
	Got    string `json:"got"`    // "1.35ms"
}

func (f Failure) String() string { return fmt.Sprintf("wanted %s, got %s", f.Wanted, f.Got) }

// Check returns what r fails, in the order of e. What r does not have, such as a latency when there were no right replies, fails
// whatever is expected of it.
func (e Expect) Check(r Result) []Failure {
	var failed []Failure
	for _, x := range e {
		got, missing := x.metric.of(r)
		switch {
		case missing != "":
			failed = append(failed, Failure{x.text, missing})
		case !compare[x.op](got, x.want):
			failed = append(failed, Failure{x.text, x.metric.unit.format(got)})
		}
	}
	return failed
}
