package chart

import (
	"math"
	"testing"
)

func TestPercentilesAreSpacedByTheirNines(t *testing.T) {
	s := Nines("", 1_000_000)
	for below, want := range map[float64]float64{0: 0, .9: 1. / 6, .99: 2. / 6, .999: 3. / 6, 1: 1, -3: 0} {
		if got := s.Place(below); math.Abs(got-want) > 1e-6 {
			t.Errorf("%v is at %v, want %v", below, got, want)
		}
	}
	if len(s.Ticks) != 7 || s.Ticks[3].text != "99.9 %" {
		t.Errorf("got %v", s.Ticks)
	}
}

func TestAxesReachBeyondWhatTheyShow(t *testing.T) {
	for _, most := range []float64{.003, 1, 7, 49_999, 50_000, 2.6e6} {
		s := Linear("", most, PerSecond)
		if n := len(s.Ticks); n < 4 || n > 8 || s.Place(most) > 1 || s.Place(most) < .6 || s.Ticks[0].at != 0 || s.Ticks[n-1].at != 1 {
			t.Errorf("%v: %v", most, s.Ticks)
		}
	}
	s := Logarithmic("", 34_000, 7_000_000)
	if s.Ticks[0].text != "10µs" || s.Ticks[len(s.Ticks)-1].text != "10ms" || s.Place(100_000) < .33 || s.Place(100_000) > .34 {
		t.Errorf("got %v", s.Ticks)
	}
}
