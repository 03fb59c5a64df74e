package stage_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/leat-io/leat/stage"
)

func TestQuantilesAreAtMostAQuarterTooLong(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var times stage.Times
		all := make([]time.Duration, 1+r.IntN(300))
		for i := range all {
			all[i] = time.Duration(math.Exp(r.Float64() * math.Log(1<<40)))
			times.Add(all[i])
		}
		slices.Sort(all)
		for _, q := range []float64{0, .01, .5, .9, .99, 1} {
			want := all[max(int(math.Ceil(q*float64(len(all)))), 1)-1]
			if got := times.Quantile(q); got < want || got > want+want/4 {
				t.Fatalf("quantile %v of %d durations is %v, want %v or up to a quarter more", q, len(all), got, want)
			}
		}
		check(t, "durations", times.N(), uint64(len(all)))
	}
}

func TestEveryDurationHasABucket(t *testing.T) {
	for e := range 64 {
		for _, d := range []time.Duration{1<<e - 1, 1 << e, 1<<e + 1, -1 << e} {
			var times stage.Times
			times.Add(d)
			got, most := times.Quantile(1), time.Duration(1<<41-1)
			if want := min(max(d, 0), most); got < want || got > max(want+want/4, want) && got != most {
				t.Errorf("%d ns is counted as %d ns", d, got)
			}
		}
	}
	var none stage.Times
	check(t, "quantile of nothing", none.Quantile(.5), time.Duration(0))
}

func TestMergedTimesAreThoseOfBoth(t *testing.T) {
	var a, b, both stage.Times
	for i := range 1000 {
		d := time.Duration(i * i)
		both.Add(d)
		if i%3 == 0 {
			a.Add(d)
		} else {
			b.Add(d)
		}
	}
	a.Merge(&b)
	check(t, "merged", a, both)
}
