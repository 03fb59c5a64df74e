package expect

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Unit is what the value of a metric is measured in.
type Unit uint8

const (
	Number  Unit = iota // a plain number
	Elapsed             // a duration, in nanoseconds; one of nothing is missing
	Percent             // from 0 to 100
)

// parse reads a value; its error completes a sentence "… takes".
func (u Unit) parse(s string) (float64, error) {
	if u == Elapsed {
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
	case u == Percent && (bad || !isPercent || v > 100):
		return 0, fmt.Errorf("a percentage from 0%% to 100%%, not %q", s)
	case u == Number && (bad || isPercent):
		return 0, fmt.Errorf("a plain number, not %q", s)
	}
	return v, nil
}

// format writes a value as parse reads it.
func (u Unit) format(v float64) string {
	switch u {
	case Elapsed:
		return time.Duration(v).String()
	case Percent:
		return strconv.FormatFloat(v, 'g', 10, 64) + "%"
	default:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
}
