package health

import (
	"time"

	"github.com/leat-io/leat/internal/loghist"
)

// Latencies are counted in units of 1024 ns, in buckets of which each power of two has 8. The last one ends at 137 s, and holds
// what is longer too.
const (
	unitBits               = 10
	scale    loghist.Scale = 3
	buckets                = (27 - scale + 1) << scale
)

// bucketOf is the bucket of a latency. A negative one is 0.
func bucketOf(d time.Duration) int {
	return min(scale.Bucket(uint64(max(d, 0))>>unitBits), int(buckets-1))
}

// bounds are where a bucket begins and where the next one does.
func bounds(i int) (from, to time.Duration) {
	a, b := scale.Bounds(i)
	return time.Duration(a) << unitBits, time.Duration(b) << unitBits
}
