package sketch

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/leat-io/leat/stage/stagetest"
)

func TestHyperLogLogIsWithinFiveStandardErrors(t *testing.T) {
	for _, precision := range []int{4, 10, 12, 16} {
		h := NewHyperLogLog(precision)
		n := uint64(0)
		for _, upTo := range []uint64{0, 1, 10, 1000, 10_000, 100_000, 1_000_000} {
			for ; n < upTo; n++ {
				h.Add(hash(n))
				h.Add(hash(n / 2)) // one that has been added
			}
			if e := math.Abs(h.Estimate()-float64(n)) / max(1, float64(n)); e > 5*h.Error() {
				t.Errorf("precision %d: of %d it finds %.0f", precision, n, h.Estimate())
			}
		}
		if h.Reset(); h.Estimate() != 0 {
			t.Errorf("after a reset it finds %v", h.Estimate())
		}
	}
}

func TestQuantilesAreWithinTheAccuracy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		n := rapid.IntRange(1, 3000).Draw(t, "n")
		decades := rapid.Float64Range(0, 12).Draw(t, "decades")
		negative := rapid.Float64Range(0, 1).Draw(t, "negative")
		var d DDSketch
		var all []float64
		for range n {
			v := math.Pow(10, decades*(rng.Float64()-.3))
			switch {
			case rng.IntN(20) == 0:
				v = 0
			case rng.Float64() < negative:
				v = -v
			}
			all = append(all, v)
			d.Add(v, 1)
		}
		slices.Sort(all)
		for _, q := range []float64{0, .01, .25, .5, .9, .99, .999, 1} {
			want := all[max(0, int(math.Ceil(q*float64(n)))-1)]
			if got := d.Quantile(q); math.Abs(got-want) > Accuracy*math.Abs(want)*1.0001+smallest {
				t.Errorf("quantile %v of %d: %v, want %v", q, n, got, want)
			}
		}
		if d.Min() != all[0] || d.Max() != all[n-1] || d.Count() != float64(n) {
			t.Errorf("min %v, max %v, count %v", d.Min(), d.Max(), d.Count())
		}
		if d.Reset(); d.Quantile(.5) != 0 || d.Count() != 0 {
			t.Errorf("after a reset: %v of %v", d.Quantile(.5), d.Count())
		}
	})
}

func TestWeightsCount(t *testing.T) {
	var d DDSketch
	d.Add(1, 9)
	d.Add(100, 1)
	if d.Count() != 10 || d.Sum() != 109 || math.Abs(d.Quantile(.9)-1) > Accuracy || math.Abs(d.Quantile(.95)-100) > 100*Accuracy {
		t.Errorf("count %v, sum %v, p90 %v, p95 %v", d.Count(), d.Sum(), d.Quantile(.9), d.Quantile(.95))
	}
}

// The number of buckets is bounded whatever comes in whatever order, and the highest numbers keep their accuracy.
func TestBucketsAreBounded(t *testing.T) {
	for name, order := range map[string]func(i, n int) int{
		"up": func(i, _ int) int { return i }, "down": func(i, n int) int { return n - 1 - i }, "to and fro": func(i, n int) int { return i * 7919 % n },
	} {
		var d DDSketch
		const n = 3000
		for i := range n {
			d.Add(math.Pow(10, -8+float64(order(i, n))/10), 1) // 300 decades
			if len(d.positive.counts) > MaxBuckets {
				t.Fatalf("%s: there are %d buckets", name, len(d.positive.counts))
			}
		}
		sum := d.zeros
		for _, c := range d.positive.counts {
			sum += c
		}
		if sum != d.Count() {
			t.Errorf("%s: %v of %v are in buckets", name, sum, d.Count())
		}
	}
	var d DDSketch
	for i := range 1000 {
		d.Add(math.Pow(10, float64(i)/5-8), 1)
	}
	if got, want := d.Quantile(.99), math.Pow(10, 989./5-8); math.Abs(got-want) > Accuracy*want {
		t.Errorf("p99 over 200 decades is %v, want %v", got, want)
	}
}

func TestAddingANumberAllocatesNothingOnceItsBucketExists(t *testing.T) {
	var d DDSketch
	h := NewHyperLogLog(12)
	n := uint64(0)
	stagetest.Allocs(t, 0, func() {
		n++
		d.Add(float64(n%100), 1)
		h.Add(hash(n))
		if n%1000 == 0 {
			d.Reset()
			h.Reset()
		}
	})
}

func BenchmarkDDSketch(b *testing.B) {
	var d DDSketch
	b.ReportAllocs()
	v := 1.
	for b.Loop() {
		if v *= 1.1; v > 1e6 {
			v = 1
		}
		d.Add(v, 1)
	}
}

func BenchmarkHyperLogLog(b *testing.B) {
	h := NewHyperLogLog(12)
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		n++
		h.Add(n * 0x9e3779b97f4a7c15)
	}
}
