package rounds

import (
	"fmt"

	"github.com/leat-io/leat/benchmarks/measure"
)

// Ratio compares runs with those of a reference round by round, and shows the geometric mean with its 95 % interval. The
// reference itself is 1; one that is missing gives no figure.
func Ratio[S any](runs, reference []S, of func(S) float64, itself bool) string {
	switch {
	case itself:
		return "1"
	case len(reference) != len(runs):
		return "–"
	}
	ratios := make([]float64, len(runs))
	for i := range runs {
		ratios[i] = of(runs[i]) / of(reference[i])
	}
	mean, low, high := measure.Interval(ratios)
	if len(ratios) < 2 {
		return fmt.Sprintf("%.3f", mean)
	}
	return fmt.Sprintf("%.3f (%.3f – %.3f)", mean, low, high)
}

// Span shows the least and the greatest of a figure. Verb is of fmt.
func Span[S any](runs []S, of func(S) float64, verb string) string {
	least, greatest := of(runs[0]), of(runs[0])
	for _, s := range runs {
		least, greatest = min(least, of(s)), max(greatest, of(s))
	}
	return fmt.Sprintf(verb+" – "+verb, least, greatest)
}
