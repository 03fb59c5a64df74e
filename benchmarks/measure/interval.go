package measure

import "math"

// Interval returns the geometric mean of ratios and its 95 % interval: Student's t on their logarithms.
func Interval(ratios []float64) (mean, low, high float64) {
	n := float64(len(ratios))
	sum, squares := 0.0, 0.0
	for _, r := range ratios {
		sum += math.Log(r)
	}
	m := sum / n
	for _, r := range ratios {
		squares += (math.Log(r) - m) * (math.Log(r) - m)
	}
	if n < 2 {
		return math.Exp(m), 0, math.Inf(1)
	}
	half := studentT(len(ratios)-1) * math.Sqrt(squares/(n-1)/n)
	return math.Exp(m), math.Exp(m - half), math.Exp(m + half)
}

// studentT is the two-sided 95 % quantile for some degrees of freedom, rounded up to the next tabulated smaller number of
// them.
func studentT(degrees int) float64 {
	table := []struct {
		degrees int
		t       float64
	}{{30, 2.042}, {19, 2.093}, {14, 2.145}, {9, 2.262}, {7, 2.365}, {5, 2.571}, {4, 2.776}, {3, 3.182}, {2, 4.303}}
	for _, row := range table {
		if degrees >= row.degrees {
			return row.t
		}
	}
	return 12.706
}
