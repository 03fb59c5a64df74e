package forecast_test

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/leat-io/leat/pool/forecast"
)

func series(t testing.TB, period int) *forecast.Series {
	t.Helper()
	f, err := forecast.New(period, forecast.DefaultSmoothing)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAConstantIsForecast(t *testing.T) {
	for _, period := range []int{0, 7} {
		f := series(t, period)
		for range 50 {
			f.Add(42)
			if got := f.Next(1); math.Abs(got-42) > 1e-9 {
				t.Fatal(period, got)
			}
		}
	}
}

func TestARiseIsFollowed(t *testing.T) {
	f, err := forecast.New(0, forecast.Smoothing{Level: .5, Trend: .3, Damping: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		f.Add(float64(3 * i))
	}
	if got := f.Next(5); math.Abs(got-3*104) > .5 {
		t.Error(got)
	}
}

func TestASeasonIsForecastAfterTheFirst(t *testing.T) {
	const period = 24
	f := series(t, period)
	at := func(i int) float64 { return 100 + 50*math.Sin(2*math.Pi*float64(i)/period) }
	for i := range 10 * period {
		if i >= period {
			if got := f.Next(1); math.Abs(got-at(i)) > 1e-6 {
				t.Fatalf("%d: %v, not %v", i, got, at(i))
			}
			if got := f.Next(5); math.Abs(got-at(i+4)) > 1e-6 {
				t.Fatalf("%d: %v, not %v", i, got, at(i+4))
			}
		}
		f.Add(at(i))
	}
}

// The series is requests of each ten minutes over five days, with a daily shape, noise and an outage. Whoever takes the last
// number for the next must be beaten, an hour ahead.
func TestARecordedSeriesIsForecastBetterThanByItsLastNumber(t *testing.T) {
	const period, ahead = 144, 6
	file, err := os.Open("testdata/requests.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []float64
	for s := bufio.NewScanner(file); s.Scan(); {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		v, err := strconv.ParseFloat(s.Text(), 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	f := series(t, period)
	var ours, naive float64
	for i, v := range all {
		if i >= 2*period && i+ahead-1 < len(all) {
			want := all[i+ahead-1]
			ours += math.Abs(f.Next(ahead) - want)
			naive += math.Abs(all[i-1] - want)
		}
		f.Add(v)
	}
	if ours > .75*naive {
		t.Errorf("the error is %v of that", ours/naive)
	}
	t.Logf("the error is %.2f of that of the last number", ours/naive)
}

func TestWhatCannotBeASeriesIsRefused(t *testing.T) {
	for _, period := range []int{-1, 1, 1<<16 + 1} {
		if _, err := forecast.New(period, forecast.DefaultSmoothing); err == nil {
			t.Error(period)
		}
	}
	for _, v := range []float64{-.1, 1.1, math.NaN()} {
		if _, err := forecast.New(0, forecast.Smoothing{Level: v}); err == nil {
			t.Error(v)
		}
	}
}
