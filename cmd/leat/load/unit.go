package load

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A unit is what the value of a metric is measured in.
type unit uint8

const (
	number  unit = iota
	elapsed      // in nanoseconds; one of nothing is missing
	percent
)

// parse reads a value; its error completes a sentence "… takes".
func (u unit) parse(s string) (float64, error) {
	if u == elapsed {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return 0, fmt.Errorf("a duration with a unit (ns, us, ms, s, m, h), not %q", s)
		}
		return float64(d), nil
	}
	digits, isPercent := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(digits, 64)
	bad := err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0
	switch {
	case u == percent && (bad || !isPercent || v > 100):
		return 0, fmt.Errorf("a percentage from 0%% to 100%%, not %q", s)
	case u == number && (bad || isPercent):
		return 0, fmt.Errorf("a plain number, not %q", s)
	}
	return v, nil
}

// format writes a value as parse reads it.
func (u unit) format(v float64) string {
	switch u {
	case elapsed:
		return time.Duration(v).String()
	case percent:
		return strconv.FormatFloat(v, 'g', 10, 64) + "%"
	default:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
}
