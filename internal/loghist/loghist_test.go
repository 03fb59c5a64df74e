package loghist_test

import (
	"testing"

	"github.com/leat-io/leat/internal/loghist"
)

// Buckets follow each other without a gap, and the least and the greatest number of each are in it.
func TestBucketsCoverAllNumbersInTheirOrder(t *testing.T) {
	for s := range loghist.Scale(8) {
		next := uint64(0)
		for i := range int(63-s+1) << s {
			from, to := s.Bounds(i)
			if from != next || s.Bucket(from) != i || s.Bucket(to-1) != i {
				t.Fatalf("scale %d: bucket %d is from %d to %d, and the one before ends at %d", s, i, from, to, next)
			}
			if width := to - from; width > 1 && from/width < 1<<s {
				t.Fatalf("scale %d: bucket %d from %d is %d wide", s, i, from, width)
			}
			next = to
		}
		if next != 1<<63 {
			t.Errorf("scale %d: the buckets of 63 bits end at %d", s, next)
		}
	}
}

func BenchmarkBucket(b *testing.B) {
	const s loghist.Scale = 3
	var sum int
	for v := uint64(1); b.Loop(); v = v*5 + 1 {
		sum += s.Bucket(v >> 20)
	}
	if sum < 0 {
		b.Fatal(sum)
	}
}
