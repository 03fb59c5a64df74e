// Package figure writes figures for people.
package figure

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Short rounds to three digits: 12.3µs, 1.23ms, 1m40s.
func Short(d time.Duration) string {
	unit := time.Duration(1)
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit).String()
}

// PerSecond shows three digits of a low rate and all of a high one.
func PerSecond(rate float64) string {
	if rate < 100 {
		return strconv.FormatFloat(rate, 'g', 3, 64)
	}
	return Grouped(int64(math.Round(rate)))
}

// Grouped separates thousands by spaces.
func Grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, digit := range s {
		if i > 0 && (len(s)-i)%3 == 0 && s[i-1] != '-' {
			b.WriteByte(' ')
		}
		b.WriteRune(digit)
	}
	return b.String()
}
