package compare

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"
)

// A Quantile is a point of a distribution: the part Below of all latencies, 0 to 1, is at most Value. In JSON it is the pair
// of the part and microseconds.
type Quantile struct {
	Below float64
	Value time.Duration
}

// MarshalJSON implements json.Marshaler.
func (q Quantile) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%.9g,%.3f]", q.Below, micros(q.Value)), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (q *Quantile) UnmarshalJSON(b []byte) error {
	var pair [2]float64
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	*q = Quantile{pair[0], time.Duration(math.Round(pair[1] * 1e3))}
	return nil
}

func micros(d time.Duration) float64 { return float64(d) / 1e3 }

// perNine is how many points a distribution has for each further nine, as HdrHistogram plots it.
const perNine = 10

// Quantiles is the distribution of latencies, which it sorts: points whose distance to 1 falls evenly on a logarithmic
// scale, as far as there are latencies to tell them apart, and the greatest last.
func Quantiles(latencies []time.Duration) []Quantile {
	if len(latencies) == 0 {
		return nil
	}
	slices.Sort(latencies)
	var all []Quantile
	for i := 0; ; i++ {
		above := math.Pow(10, -float64(i)/perNine)
		if above*float64(len(latencies)) < 1 {
			break
		}
		all = append(all, Quantile{1 - above, latencies[int((1-above)*float64(len(latencies)-1))]})
	}
	return append(all, Quantile{1, latencies[len(latencies)-1]})
}

// at is the latency below which a part of a distribution lies, between its points on a line.
func at(q []Quantile, below float64) time.Duration {
	i := sort.Search(len(q), func(i int) bool { return q[i].Below >= below })
	switch {
	case len(q) == 0:
		return 0
	case i == len(q):
		return q[i-1].Value
	case i == 0 || q[i].Below == below:
		return q[i].Value
	}
	a, b := q[i-1], q[i]
	return a.Value + time.Duration(float64(b.Value-a.Value)*(below-a.Below)/(b.Below-a.Below))
}

// typical is the median of several distributions, point by point, as far out as all of them reach; the last is that of the
// greatest values.
func typical(runs [][]Quantile) []Quantile {
	if len(runs) == 0 {
		return nil
	}
	least := len(runs[0])
	for _, r := range runs {
		least = min(least, len(r))
	}
	var all []Quantile
	for i := range least {
		var values []float64
		below := 1.
		for _, r := range runs {
			q := r[i]
			if i == least-1 {
				q = r[len(r)-1]
			}
			below = min(below, q.Below)
			values = append(values, float64(q.Value))
		}
		all = append(all, Quantile{below, time.Duration(median(values))})
	}
	return all
}
