package pool

import (
	"math"
	"testing"
	"time"
)

func TestADistributionIsTrueToSixPercent(t *testing.T) {
	for d := time.Microsecond; d < 24*time.Hour; d += (d / 7).Truncate(time.Microsecond) + time.Microsecond {
		var h histogram
		for range 99 {
			h.record(d)
		}
		h.record(24 * time.Hour)
		got := h.distribution()
		if off := math.Abs(float64(got.P50)/float64(d) - 1); off > 1./16 || got.P50 != got.P90 {
			t.Fatalf("%v is told as %+v", d, got)
		}
		if got.Count != 100 || got.Max != 24*time.Hour || got.P99 < 23*time.Hour {
			t.Fatalf("%v: %+v", d, got)
		}
	}
}

func TestADistributionHasBounds(t *testing.T) {
	var h histogram
	if d := h.distribution(); d != (Distribution{}) {
		t.Errorf("of nothing: %+v", d)
	}
	h.record(-time.Second)
	if d := h.distribution(); d.P50 != time.Microsecond || d.Max != time.Microsecond || d.Mean != time.Microsecond {
		t.Errorf("of a negative one: %+v", d)
	}
	h.record(math.MaxInt64)
	if d := h.distribution(); d.Count != 2 || d.Max != 24*time.Hour {
		t.Errorf("of a long one: %+v", d)
	}
}
