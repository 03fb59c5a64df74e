// Package forecast says what comes next in a series of numbers that were taken at equal intervals, such as the connections in
// use in each minute.
package forecast

import "fmt"

// A Series forecasts by exponential smoothing: the additive method of Holt and Winters (P. R. Winters, "Forecasting Sales by
// Exponentially Weighted Moving Averages", Management Science 6, 1960), or Holt's method of a level and a trend when there is
// no season. Until a first whole season has been seen it forecasts without.
//
// It takes the same few nanoseconds for each number, and memory for one season.
type Series struct {
	Smoothing
	seen         int
	level, trend float64
	first        []float64 // of the first season, until it is complete
	season       []float64 // what each interval of a season is above the level
}

// Smoothing says how much each new number counts against what was known, from 0 (nothing) to 1 (all).
type Smoothing struct {
	Level, Trend, Season float64
	Damping              float64 // what the trend keeps of itself from one interval to the next (Gardner and McKenzie, 1985)
}

// DefaultSmoothing suits demand that has a daily shape and noise of some tenths.
var DefaultSmoothing = Smoothing{Level: .3, Trend: .05, Season: .3, Damping: .9}

// New returns an empty series. The period is how many intervals a season has, and 0 where there is none.
func New(period int, s Smoothing) (*Series, error) {
	if period < 0 || period == 1 || period > 1<<16 {
		return nil, fmt.Errorf("a season has 2 to %d intervals, or none of 0, not %d", 1<<16, period)
	}
	for _, v := range []float64{s.Level, s.Trend, s.Season, s.Damping} {
		if !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("smoothing is a number from 0 to 1, not %v", v)
		}
	}
	f := &Series{Smoothing: s}
	if period > 0 {
		f.first = make([]float64, 0, period)
		f.season = make([]float64, period)
	}
	return f, nil
}

// Add takes the next number.
func (f *Series) Add(v float64) {
	defer func() { f.seen++ }()
	if f.seen == 0 {
		f.level = v
	}
	seasonal := f.seasonal()
	if !seasonal && len(f.season) > 0 {
		if f.first = append(f.first, v); len(f.first) == len(f.season) {
			f.begin()
			return
		}
	}
	var s *float64
	above := 0.0
	if seasonal {
		s = &f.season[f.seen%len(f.season)]
		above = *s
	}
	before := f.level
	f.level = f.Level*(v-above) + (1-f.Level)*(f.level+f.Damping*f.trend)
	f.trend = f.Trend*(f.level-before) + (1-f.Trend)*f.Damping*f.trend
	if s != nil {
		*s = f.Season*(v-f.level) + (1-f.Season)*above
	}
}

// begin takes the mean of the first season for the level, and what each interval is above it for the season.
func (f *Series) begin() {
	sum := 0.0
	for _, v := range f.first {
		sum += v
	}
	f.level, f.trend = sum/float64(len(f.first)), 0
	for i, v := range f.first {
		f.season[i] = v - f.level
	}
}

func (f *Series) seasonal() bool { return len(f.season) > 0 && len(f.first) == len(f.season) }

// Next is the forecast of the number that is so many intervals after the last one, at least 1.
func (f *Series) Next(ahead int) float64 {
	v, damped := f.level, 1.0
	for range ahead {
		damped *= f.Damping
		v += damped * f.trend
	}
	if f.seasonal() {
		v += f.season[(f.seen+ahead-1)%len(f.season)]
	}
	return v
}
