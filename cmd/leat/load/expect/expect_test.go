package expect

import (
	"errors"
	"strings"
	"testing"
	"time"
)

type result struct{ speed, took float64 }

func find(name string) (m Metric[result], err error) {
	switch name {
	case "speed":
		return Metric[result]{Number, func(r result) (float64, string) { return r.speed, "" }}, nil
	case "part":
		return Metric[result]{Percent, func(r result) (float64, string) { return 100 * r.speed, "" }}, nil
	case "took":
		return Metric[result]{Elapsed, func(r result) (float64, string) {
			if r.took == 0 {
				return 0, "nothing"
			}
			return r.took, ""
		}}, nil
	}
	return m, errors.New("is not known")
}

func TestExpectationsOfAnyResult(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"speed>=0.5, part = 50% ,took<2ms": "",
		"speed<0.5,took>1ms":               "wanted speed<0.5, got 0.5; wanted took>1ms, got 1ms",
	} {
		e, err := Parse(text, find)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var got []string
		for _, f := range e.Check(result{.5, float64(time.Millisecond)}) {
			got = append(got, f.String())
		}
		if got := strings.Join(got, "; "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	e, err := Parse("took>=0s", find)
	if err != nil {
		t.Fatal(err)
	}
	if f := e.Check(result{}); len(f) != 1 || f[0].Got != "nothing" || e[0].String() != "took>=0s" {
		t.Errorf("what is missing satisfies %v", f)
	}
	for text, want := range map[string]string{
		"weight<1": `metric "weight" in "weight<1" is not known`, "speed": "none of the operators", "speed=>1": `operator "=>"`, "speed<x": "takes a plain number",
		"took<1": "takes a duration", "part<1": "takes a percentage", "part<101%": "takes a percentage", "speed<NaN": "takes a plain number", "speed<1,": "none of the operators",
	} {
		if _, err := Parse(text, find); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
