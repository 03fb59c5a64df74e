package load

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// longest is the last latency the histogram tells from longer ones: an open loop against a server at half the needed
// speed is a minute behind after two, so a minute would be too short.
const longest = int64(time.Hour)

// A histogram holds latencies in nanoseconds with three significant digits (270 KiB), and what it need not round: the sum and
// the maximum.
type histogram struct {
	counts *hdr.Histogram
	sum    float64
	max    int64
}

func newHistogram() *histogram { return &histogram{counts: hdr.New(1, longest, 3)} }

func (h *histogram) record(ns int64) {
	h.sum += float64(ns)
	h.max = max(h.max, ns)
	_ = h.counts.RecordValue(min(max(ns, 0), longest)) // refuses only what is out of range
}

func (h *histogram) merge(from *histogram) {
	h.counts.Merge(from.counts)
	h.sum += from.sum
	h.max = max(h.max, from.max)
}

func (h *histogram) summary() Latency {
	n := h.counts.TotalCount()
	if n == 0 {
		return Latency{}
	}
	at := func(percent float64) time.Duration {
		// A bucket is reported by its upper edge, which may lie past the greatest value that was recorded.
		return time.Duration(min(h.counts.ValueAtQuantile(percent), h.max))
	}
	return Latency{
		Mean: time.Duration(h.sum / float64(n)),
		P50:  at(50), P90: at(90), P99: at(99), P999: at(99.9),
		Max: time.Duration(h.max),
	}
}
