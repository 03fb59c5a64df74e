package sketch

import "math"

// A DDSketch keeps the distribution of numbers so that every quantile has a relative error of at most Accuracy, after Masson, Rim
// and Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees" (VLDB 2019): buckets grow by a
// constant factor. Numbers closer to 0 than 1e-9 count as 0.
//
// A sign has at most MaxBuckets buckets, 16 KiB: they reach over nearly eighteen decades. What lies further below the largest number is
// put into the lowest bucket, so that then the low quantiles are too large, and the high ones keep their word.
type DDSketch struct {
	zeros    float64
	positive buckets
	negative buckets
	count    float64
	sum      float64
	min, max float64
}

// The guarantees of a DDSketch.
const (
	Accuracy   = .01
	MaxBuckets = 2048

	smallest = 1e-9
)

// gamma is the factor between the bounds of a bucket, for the accuracy.
var (
	gamma    = (1 + Accuracy) / (1 - Accuracy)
	logGamma = math.Log(gamma)
)

// Add counts a number weight times; a weight stands for numbers that were not sent because of sampling. v must be finite.
func (d *DDSketch) Add(v, weight float64) {
	if d.count == 0 {
		d.min, d.max = v, v
	}
	d.min, d.max = min(d.min, v), max(d.max, v)
	d.count += weight
	d.sum += v * weight
	switch {
	case v > smallest:
		d.positive.add(bucketOf(v), weight)
	case v < -smallest:
		d.negative.add(bucketOf(-v), weight)
	default:
		d.zeros += weight
	}
}

// bucketOf is the number of the bucket whose upper bound is the first power of gamma that is not below v.
func bucketOf(v float64) int { return int(math.Ceil(math.Log(v) / logGamma)) }

// Count is the sum of the weights.
func (d *DDSketch) Count() float64 { return d.count }

// Sum is that of the numbers, times their weights.
func (d *DDSketch) Sum() float64 { return d.sum }

// Min and Max are exact.
func (d *DDSketch) Min() float64 { return d.min }

// Max is exact, as Min is.
func (d *DDSketch) Max() float64 { return d.max }

// Reset forgets all numbers, and keeps the memory.
func (d *DDSketch) Reset() {
	d.zeros, d.count, d.sum, d.min, d.max = 0, 0, 0, 0, 0
	d.positive.reset()
	d.negative.reset()
}

// Quantile is the number below which a part q of all lies, 0 to 1. Without numbers it is 0.
func (d *DDSketch) Quantile(q float64) float64 {
	if d.count == 0 {
		return 0
	}
	rank := min(max(q, 0), 1) * d.count
	return min(max(d.at(rank), d.min), d.max)
}

func (d *DDSketch) at(rank float64) float64 {
	for i := len(d.negative.counts) - 1; i >= 0; i-- {
		if rank -= d.negative.counts[i]; rank <= 0 && d.negative.counts[i] > 0 {
			return -middle(d.negative.low + i)
		}
	}
	if rank -= d.zeros; rank <= 0 && d.zeros > 0 {
		return 0
	}
	for i, n := range d.positive.counts {
		if rank -= n; rank <= 0 && n > 0 {
			return middle(d.positive.low + i)
		}
	}
	return d.max // what rounding has left of the rank
}

// middle is the number within a bucket from which both of its bounds have the same relative distance.
func middle(bucket int) float64 { return 2 * math.Pow(gamma, float64(bucket)) / (gamma + 1) }

// buckets are counts of consecutive buckets, the lowest first.
type buckets struct {
	low    int // number of the first
	counts []float64
}

func (b *buckets) reset() { b.counts = b.counts[:0] }

func (b *buckets) add(bucket int, weight float64) {
	switch {
	case len(b.counts) == 0:
		b.low = bucket
		b.counts = append(b.counts, 0)
	case bucket < b.low:
		bucket = b.below(bucket)
	case bucket >= b.low+len(b.counts):
		b.reach(bucket)
	}
	b.counts[bucket-b.low] += weight
}

// below makes room for a lower bucket, as far as the bound lets it, and returns the one to count in.
func (b *buckets) below(bucket int) int {
	bucket = max(bucket, b.low+len(b.counts)-MaxBuckets)
	if more := b.low - bucket; more > 0 {
		n := len(b.counts)
		b.extend(n + more)
		copy(b.counts[more:], b.counts[:n])
		clear(b.counts[:more])
		b.low = bucket
	}
	return bucket
}

// reach makes a higher bucket exist. Where there are too many then the lowest become one.
func (b *buckets) reach(bucket int) {
	if drop := bucket - MaxBuckets + 1 - b.low; drop > 0 {
		sum := 0.
		drop = min(drop, len(b.counts))
		for _, n := range b.counts[:drop] {
			sum += n
		}
		b.counts = b.counts[:copy(b.counts, b.counts[drop:])]
		b.low = bucket - MaxBuckets + 1
		b.extend(max(1, len(b.counts)))
		b.counts[0] += sum
	}
	b.extend(bucket - b.low + 1)
}

// extend adds buckets at the end, up to n.
func (b *buckets) extend(n int) {
	for len(b.counts) < n {
		b.counts = append(b.counts, 0)
	}
}
