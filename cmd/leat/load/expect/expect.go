// Package expect is the language of expectations: what a result must satisfy for a script to go on.
//
//	rps>100000,mean<1ms,success>99%
//
// Which metrics there are is up to the tool that has the results.
package expect

import (
	"fmt"
	"strings"
)

// A Metric is what a name of the language stands for: its unit and where it is in a result.
type Metric[R any] struct {
	Unit Unit
	Of   func(R) (v float64, missing string) // missing says why there is none
}

// All is what a result must satisfy, all of it.
type All[R any] []Expectation[R]

// An Expectation compares one metric of a result with a value.
type Expectation[R any] struct {
	metric Metric[R]
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

// Parse reads expectations that are separated by commas: a metric, an operator, a value. find knows the metrics; its error
// completes a sentence "metric … in …". The operators are > >= < <= and =. Spaces around each part are allowed. The empty string
// expects nothing.
func Parse[R any](s string, find func(name string) (Metric[R], error)) (All[R], error) {
	var e All[R]
	if strings.TrimSpace(s) == "" {
		return e, nil
	}
	for token := range strings.SplitSeq(s, ",") {
		x, err := parseExpectation(strings.TrimSpace(token), find)
		if err != nil {
			return nil, err
		}
		e = append(e, x)
	}
	return e, nil
}

func parseExpectation[R any](token string, find func(string) (Metric[R], error)) (Expectation[R], error) {
	x := Expectation[R]{text: token}
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
	if x.metric, err = find(name); err != nil {
		return x, fmt.Errorf("load: metric %q in %q %w", name, token, err)
	}
	if x.want, err = x.metric.Unit.parse(strings.TrimSpace(rest)); err != nil {
		return x, fmt.Errorf("load: %q: %s takes %w", token, name, err)
	}
	return x, nil
}

// String is the expectation as it was written.
func (x Expectation[R]) String() string { return x.text }

// A Failure is an expectation that a result does not satisfy.
type Failure struct {
	Wanted string `json:"wanted"` // "mean<1ms"
	Got    string `json:"got"`    // "1.35ms"
}

func (f Failure) String() string { return fmt.Sprintf("wanted %s, got %s", f.Wanted, f.Got) }

// Check returns what r fails, in the order of e. What r does not have, such as a latency when there were no right replies, fails
// whatever is expected of it.
func (e All[R]) Check(r R) []Failure {
	var failed []Failure
	for _, x := range e {
		got, missing := x.metric.Of(r)
		switch {
		case missing != "":
			failed = append(failed, Failure{x.text, missing})
		case !compare[x.op](got, x.want):
			failed = append(failed, Failure{x.text, x.metric.Unit.format(got)})
		}
	}
	return failed
}
