package pool

import (
	"sync"
	"time"

	"github.com/leat-io/leat/internal/loghist"
)

// A histogram holds durations from a microsecond to a day. The durations of a pool that are longer or shorter count as those.
//
// It takes 2.3 KB once something is recorded, half of what an HdrHistogram takes for the same, since each backend has three. What
// lies in a bucket is told as its middle, which is off by at most 6 %.
type histogram struct {
	mu     sync.Mutex
	counts *[buckets]uint64 // guarded by mu, and so the rest
	n      int64
	sum    float64 // nanoseconds
	most   time.Duration
}

const (
	leastTold = time.Microsecond
	mostTold  = 24 * time.Hour

	scale   loghist.Scale = 3
	buckets               = (37 - scale + 1) << scale // a day has 37 bits of microseconds
)

// middle is that of a bucket. Those of less than 16 µs hold one number each.
func middle(i int) time.Duration {
	from, to := scale.Bounds(i)
	return time.Duration((from+to)/2) * leastTold
}

func (h *histogram) record(d time.Duration) {
	d = min(max(d, leastTold), mostTold)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.counts == nil {
		h.counts = new([buckets]uint64)
	}
	h.counts[scale.Bucket(uint64(d/leastTold))]++
	h.n++
	h.sum += float64(d)
	h.most = max(h.most, d)
}

// A Distribution summarises durations. The quantiles are off by at most 6 %.
type Distribution struct {
	Count                    int64
	Mean, P50, P90, P99, Max time.Duration
}

func (h *histogram) distribution() (d Distribution) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.n == 0 {
		return d
	}
	return Distribution{
		Count: h.n, Mean: time.Duration(h.sum / float64(h.n)), Max: h.most,
		P50: h.quantile(.5), P90: h.quantile(.9), P99: h.quantile(.99),
	}
}

// quantile is what the share q of the durations does not exceed.
func (h *histogram) quantile(q float64) time.Duration {
	rank := uint64(q * float64(h.n))
	for i, n := range h.counts {
		if n > rank {
			return min(middle(i), h.most)
		}
		rank -= n
	}
	return h.most
}
