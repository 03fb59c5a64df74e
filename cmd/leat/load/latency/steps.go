package latency

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// MarshalJSON gives the beginning and the length in seconds, the latencies in microseconds.
func (s Step) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `{"at_s":%.3f,"length_s":%.3f,"replies":%d,"p50_us":%.3f,"p99_us":%.3f,"max_us":%.3f}`,
		s.At.Seconds(), s.Length.Seconds(), s.Count, us(s.P50), us(s.P99), us(s.Max)), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Step) UnmarshalJSON(b []byte) error {
	var v struct {
		At     float64 `json:"at_s"`
		Length float64 `json:"length_s"`
		Count  int64   `json:"replies"`
		P50    float64 `json:"p50_us"`
		P99    float64 `json:"p99_us"`
		Max    float64 `json:"max_us"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	seconds := func(v float64) time.Duration { return time.Duration(math.Round(v * 1e9)) }
	*s = Step{seconds(v.At), seconds(v.Length), v.Count, fromUS(v.P50), fromUS(v.P99), fromUS(v.Max)}
	return nil
}
