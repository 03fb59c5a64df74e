package measure_test

import (
	"math"
	"testing"

	. "github.com/leat-io/leat/benchmarks/measure"
)

func TestTheIntervalOfEqualRatiosIsAPoint(t *testing.T) {
	mean, low, high := Interval([]float64{1.1, 1.1, 1.1, 1.1, 1.1})
	for _, v := range []float64{mean, low, high} {
		if math.Abs(v-1.1) > 1e-9 {
			t.Fatal(mean, low, high)
		}
	}
}

func TestTheIntervalHoldsTheMeanAndNarrowsWithMoreRatios(t *testing.T) {
	few := []float64{.9, 1.1, 1, .95, 1.05}
	var many []float64
	for range 4 {
		many = append(many, few...)
	}
	m1, l1, h1 := Interval(few)
	m2, l2, h2 := Interval(many)
	if !(l1 < m1 && m1 < h1 && l2 < m2 && m2 < h2) || h2-l2 >= h1-l1 {
		t.Fatal(l1, m1, h1, l2, m2, h2)
	}
}

func TestOneRatioProvesNothing(t *testing.T) {
	if _, low, high := Interval([]float64{1}); low != 0 || !math.IsInf(high, 1) {
		t.Fatal(low, high)
	}
}
