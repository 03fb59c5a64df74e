package plot

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

// A scale is an axis: it puts a value at a place from 0 to 1.
type scale struct {
	name  string // with the unit
	place func(v float64) float64
	ticks []tick
}

// linear is an axis from 0 to at least most, with about five ticks.
func linear(name string, most float64, text func(v, step float64) string) scale {
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
	s := scale{name: name, place: func(v float64) float64 { return inside(v / top) }}
	for i := 0; float64(i)*step <= top*1.0001; i++ {
		v := float64(i) * step
		s.ticks = append(s.ticks, tick{v / top, text(v, step)})
	}
	return s
}

// logarithmic is an axis of durations in whole decades around what it is to show.
func logarithmic(name string, least, most time.Duration) scale {
	low := math.Floor(math.Log10(float64(max(least, 1))))
	high := math.Max(low+1, math.Ceil(math.Log10(float64(max(most, 1)))))
	place := func(v float64) float64 { return inside((math.Log10(math.Max(v, 1)) - low) / (high - low)) }
	s := scale{name: name, place: place}
	for decade := low; decade <= high; decade++ {
		for _, digit := range [...]float64{1, 2, 5} {
			v := digit * math.Pow(10, decade)
			if digit > 1 && (high-low > 3 || decade == high) {
				break
			}
			s.ticks = append(s.ticks, tick{place(v), time.Duration(math.Round(v)).String()})
		}
	}
	return s
}

// nines is the axis of percentiles on which each further nine takes as much room, up to as many as n values can show.
func nines(name string, n int64) scale {
	most := math.Max(1, math.Log10(math.Max(1, float64(n))))
	s := scale{name: name}
	s.place = func(below float64) float64 {
		if below >= 1 {
			return 1
		}
		return inside(-math.Log10(1-math.Max(0, below)) / most)
	}
	for i := 0; float64(i) <= most; i++ {
		below := 1 - math.Pow(10, -float64(i))
		s.ticks = append(s.ticks, tick{s.place(below), strconv.FormatFloat(100*below, 'g', 10, 64) + " %"})
	}
	return s
}

func inside(v float64) float64 {
	if !(v > 0) { // also NaN
		return 0
	}
	return math.Min(v, 1)
}

// perSecond writes a rate with as many digits as its axis needs.
func perSecond(v, step float64) string {
	switch {
	case step >= 1e6:
		return strconv.FormatFloat(v/1e6, 'f', -1, 64) + " M"
	case step >= 1e3:
		return strconv.FormatFloat(v/1e3, 'f', -1, 64) + " k"
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

func seconds(v, _ float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
