package measure

import (
	"math"

	"github.com/leat-io/leat/pipeline/compare"
)

// Interval returns the geometric mean of ratios and its 95 % interval: Student's t on their logarithms. One ratio proves
// nothing.
func Interval(ratios []float64) (mean, low, high float64) {
	base := make([]float64, len(ratios))
	for i := range base {
		base[i] = 1
	}
	r := compare.Paired(base, ratios, true, 0)
	if r.Interval == nil {
		return r.Mean, 0, math.Inf(1)
	}
	return r.Mean, r.Interval.Low, r.Interval.High
}
