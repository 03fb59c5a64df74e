package latency

import (
	"math"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// longest is the last latency the histogram tells from longer ones: an open loop against a server at half the needed
// speed is a minute behind after two, so a minute would be too short.
const longest = int64(time.Hour)

// A Histogram holds latencies in nanoseconds with three significant digits (270 KiB), and what it need not round: the sum and
// the maximum. Its user guards it.
type Histogram struct {
	counts *hdr.Histogram
	sum    float64
	max    int64
}

// NewHistogram returns an empty one.
func NewHistogram() *Histogram { return &Histogram{counts: hdr.New(1, longest, 3)} }

// Record adds a latency. One that is longer than an hour counts as an hour, but for the sum and the maximum.
func (h *Histogram) Record(ns int64) { h.RecordN(ns, 1) }

// RecordN adds a latency n times.
func (h *Histogram) RecordN(ns, n int64) {
	h.sum += float64(ns) * float64(n)
	h.max = max(h.max, ns)
	_ = h.counts.RecordValues(min(max(ns, 0), longest), n) // refuses only what is out of range
}

// Merge adds what another one holds.
func (h *Histogram) Merge(from *Histogram) {
	if from.Count() == 0 {
		return
	}
	h.counts.Merge(from.counts)
	h.sum += from.sum
	h.max = max(h.max, from.max)
}

// Count is how many latencies were recorded.
func (h *Histogram) Count() int64 { return h.counts.TotalCount() }

// at is the value at a percentile. A bucket is reported by its upper edge, which may lie past the greatest value that was
// recorded.
func (h *Histogram) at(percent float64) time.Duration {
	return time.Duration(min(h.counts.ValueAtQuantile(percent), h.max))
}

// Summary is what is shown of the histogram.
func (h *Histogram) Summary() Summary {
	n := h.Count()
	if n == 0 {
		return Summary{}
	}
	return Summary{
		Mean: time.Duration(h.sum / float64(n)),
		P50:  h.at(50), P90: h.at(90), P99: h.at(99), P999: h.at(99.9),
		Max: time.Duration(h.max),
	}
}

// A Quantile is a point of a distribution: the part Below of all latencies, 0 to 1, is at most Value.
type Quantile struct {
	Below float64
	Value time.Duration
}

// perNine is how many points a distribution has for each further nine of the percentile.
const perNine = 10

// Quantiles is the distribution as HdrHistogram plots it: points whose distance to 100 % falls evenly on a logarithmic scale, as
// far as there are latencies to tell them apart, and the maximum last.
func (h *Histogram) Quantiles() []Quantile {
	n := h.Count()
	if n == 0 {
		return nil
	}
	var all []Quantile
	for i := 0; ; i++ {
		above := math.Pow(10, -float64(i)/perNine)
		if above*float64(n) < 1 {
			break
		}
		all = append(all, Quantile{1 - above, h.at(100 * (1 - above))})
	}
	return append(all, Quantile{1, time.Duration(h.max)})
}
