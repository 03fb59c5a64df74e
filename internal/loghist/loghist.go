// Package loghist divides numbers among the buckets of a log-linear histogram, as an HdrHistogram does (hdrhistogram.org): each
// power of two is cut into as many buckets of one width. The counts are their owners'.
package loghist

import "math/bits"

// A Scale is how many bits below its highest one tell a number from others: with 3 each power of two is cut into 8, and a
// bucket is at most an eighth of what lies in it. Numbers of at most n bits need (n-s+1)<<s buckets, and below 1<<s each has
// a bucket of its own.
type Scale uint

// Bucket is where v counts.
func (s Scale) Bucket(v uint64) int {
	if v < 1<<s {
		return int(v)
	}
	shift := uint(bits.Len64(v)) - uint(s) - 1
	return int(shift+1)<<s + int(v>>shift)&(1<<s-1)
}

// Bounds are the least number of a bucket, and that of the next one.
func (s Scale) Bounds(bucket int) (from, to uint64) {
	if bucket < 1<<s {
		return uint64(bucket), uint64(bucket) + 1
	}
	shift := uint(bucket)>>s - 1
	from = uint64(1<<s+bucket&(1<<s-1)) << shift
	return from, from + 1<<shift
}
