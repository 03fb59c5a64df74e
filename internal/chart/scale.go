package chart

import (
	"math"
	"strconv"
	"time"
)

// A tick is a place on an axis and what is written there.
type tick struct {
	at   float64 // 0 to 1
	text string
}

// A Scale is an axis: it puts a value at a place from 0 to 1.
type Scale struct {
	Name  string // with the unit
	Place func(v float64) float64
	Ticks []tick
}

// Linear is an axis from 0 to at least most, with about five ticks.
func Linear(name string, most float64, text func(v, step float64) string) Scale {
	if !(most > 0) || math.IsInf(most, 0) {
		most = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(most/5)))
	for _, by := range [...]float64{2, 2.5, 2} { // 1, 2, 5, 10
		if most/step <= 6 {
			break
		}
		step *= by
	}
	top := step * math.Ceil(most/step)
	s := Scale{Name: name, Place: func(v float64) float64 { return inside(v / top) }}
	for i := 0; float64(i)*step <= top*1.0001; i++ {
		v := float64(i) * step
		s.Ticks = append(s.Ticks, tick{v / top, text(v, step)})
	}
	return s
}

// Logarithmic is an axis of durations in whole decades around what it is to show.
func Logarithmic(name string, least, most time.Duration) Scale {
	low := math.Floor(math.Log10(float64(max(least, 1))))
	high := math.Max(low+1, math.Ceil(math.Log10(float64(max(most, 1)))))
	place := func(v float64) float64 { return inside((math.Log10(math.Max(v, 1)) - low) / (high - low)) }
	s := Scale{Name: name, Place: place}
	for decade := low; decade <= high; decade++ {
		for _, digit := range [...]float64{1, 2, 5} {
			v := digit * math.Pow(10, decade)
			if digit > 1 && (high-low > 3 || decade == high) {
				break
			}
			s.Ticks = append(s.Ticks, tick{place(v), time.Duration(math.Round(v)).String()})
		}
	}
	return s
}

// Nines is the axis of percentiles on which each further nine takes as much room, up to as many as n values can show.
func Nines(name string, n int64) Scale {
	most := math.Max(1, math.Log10(math.Max(1, float64(n))))
	s := Scale{Name: name}
	s.Place = func(below float64) float64 {
		if below >= 1 {
			return 1
		}
		return inside(-math.Log10(1-math.Max(0, below)) / most)
	}
	for i := 0; float64(i) <= most; i++ {
		below := 1 - math.Pow(10, -float64(i))
		s.Ticks = append(s.Ticks, tick{s.Place(below), strconv.FormatFloat(100*below, 'g', 10, 64) + " %"})
	}
	return s
}

func inside(v float64) float64 {
	if !(v > 0) { // also NaN
		return 0
	}
	return math.Min(v, 1)
}

// PerSecond writes a rate with as many digits as its axis needs.
func PerSecond(v, step float64) string {
	switch {
	case step >= 1e6:
		return strconv.FormatFloat(v/1e6, 'f', -1, 64) + " M"
	case step >= 1e3:
		return strconv.FormatFloat(v/1e3, 'f', -1, 64) + " k"
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// Seconds writes a time.
func Seconds(v, _ float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
