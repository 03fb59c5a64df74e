package latency

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// A Summary describes a distribution with three significant digits; Mean and Max are not rounded. All are 0 if it is empty.
type Summary struct {
	Mean, P50, P90, P99, P999, Max time.Duration
}

// Figures are those of a Summary, by the names that expectations have for them.
var Figures = []struct {
	Name string
	Of   func(Summary) time.Duration
}{
	{"mean", func(s Summary) time.Duration { return s.Mean }},
	{"p50", func(s Summary) time.Duration { return s.P50 }},
	{"p90", func(s Summary) time.Duration { return s.P90 }},
	{"p99", func(s Summary) time.Duration { return s.P99 }},
	{"p999", func(s Summary) time.Duration { return s.P999 }},
	{"max", func(s Summary) time.Duration { return s.Max }},
}

// MarshalJSON gives the times in microseconds: mean_us, p50_us, p90_us, p99_us, p999_us, max_us.
func (s Summary) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `{"mean_us":%.3f,"p50_us":%.3f,"p90_us":%.3f,"p99_us":%.3f,"p999_us":%.3f,"max_us":%.3f}`,
		us(s.Mean), us(s.P50), us(s.P90), us(s.P99), us(s.P999), us(s.Max)), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Summary) UnmarshalJSON(b []byte) error {
	var v struct {
		Mean float64 `json:"mean_us"`
		P50  float64 `json:"p50_us"`
		P90  float64 `json:"p90_us"`
		P99  float64 `json:"p99_us"`
		P999 float64 `json:"p999_us"`
		Max  float64 `json:"max_us"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*s = Summary{fromUS(v.Mean), fromUS(v.P50), fromUS(v.P90), fromUS(v.P99), fromUS(v.P999), fromUS(v.Max)}
	return nil
}

func us(d time.Duration) float64 { return float64(d) / 1e3 }

func fromUS(v float64) time.Duration { return time.Duration(math.Round(v * 1e3)) }

// MarshalJSON gives a point as the pair [part below, microseconds].
func (q Quantile) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%.9g,%.3f]", q.Below, us(q.Value)), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (q *Quantile) UnmarshalJSON(b []byte) error {
	var v [2]float64
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*q = Quantile{v[0], fromUS(v[1])}
	return nil
}
