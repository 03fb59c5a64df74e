package latency

import (
	"slices"
	"time"

	"github.com/leat-io/leat/internal/loghist"
)

const (
	// slots is how many steps a timeline has at most. When they are full two and two become one.
	slots = 128
	// scale makes 16 buckets for each doubling of the latency: a percentile is at most 6 % too high.
	scale   loghist.Scale = 4
	buckets               = (63 - scale + 1) << scale
)

// Resolution is the length of a timeline's steps at the beginning. Who records several replies at once records those of one such step.
const Resolution = 250 * time.Millisecond

// A Timeline holds the latencies of a run of any length over time, in 64 to 128 steps of equal length once it has lasted for 16 s,
// with two digits or so. It takes at most 480 KiB. Its user guards it.
type Timeline struct {
	step int64 // ns
	at   []slot
}

// A slot is the latencies of one step.
type slot struct {
	count  int64
	max    int64
	counts [buckets]uint32
}

// NewTimeline returns an empty one. It has its memory from the beginning, so that recording allocates nothing.
func NewTimeline() *Timeline { return &Timeline{step: int64(Resolution), at: make([]slot, 0, slots)} }

// RecordN adds the latency of n replies that came at a time, both in nanoseconds. A time before 0 counts as 0.
func (t *Timeline) RecordN(at, latency, n int64) {
	at, latency = max(at, 0), max(latency, 0)
	i := at / t.step
	for ; i >= slots; i /= 2 {
		t.halve()
	}
	t.reach(int(i))
	s := &t.at[i]
	s.count += n
	s.max = max(s.max, latency)
	s.counts[scale.Bucket(uint64(latency))] += uint32(n)
}

// reach makes slot i exist.
func (t *Timeline) reach(i int) {
	for len(t.at) <= i {
		t.at = append(t.at, slot{})
	}
}

// halve makes each step twice as long.
func (t *Timeline) halve() {
	n := (len(t.at) + 1) / 2
	for i := range t.at {
		if i%2 == 0 {
			t.at[i/2] = t.at[i]
		} else {
			t.at[i/2].add(&t.at[i])
		}
	}
	t.at = t.at[:n]
	t.step *= 2
}

func (s *slot) add(from *slot) {
	s.count += from.count
	s.max = max(s.max, from.max)
	for i, n := range from.counts {
		s.counts[i] += n
	}
}

// Merge adds what another one holds.
func (t *Timeline) Merge(from *Timeline) {
	for t.step < from.step {
		t.halve()
	}
	per := int(t.step / from.step)
	for i := range from.at {
		t.reach(i / per)
		t.at[i/per].add(&from.at[i])
	}
}

// A Step is a stretch of time.
type Step struct {
	At     time.Duration // its beginning
	Length time.Duration
	Count  int64 // replies that came in it
	P50    time.Duration
	P99    time.Duration
	Max    time.Duration // not rounded
}

// Steps are those of a run that lasted for so long, also where nothing came.
func (t *Timeline) Steps(lasted time.Duration) []Step {
	if lasted > 0 && len(t.at) > 0 {
		for int64(lasted-1)/t.step >= slots {
			t.halve()
		}
		t.reach(int(int64(lasted-1) / t.step))
	}
	steps := make([]Step, len(t.at))
	for i := range t.at {
		begin := time.Duration(int64(i) * t.step)
		length := time.Duration(t.step)
		if lasted > begin {
			length = min(length, lasted-begin)
		}
		s := &t.at[i]
		steps[i] = Step{At: begin, Length: length, Count: s.count, P50: s.percentile(50), P99: s.percentile(99), Max: time.Duration(s.max)}
	}
	return slices.Clip(steps)
}

// percentile is the upper edge of the bucket in which it lies, at most the maximum.
func (s *slot) percentile(p int64) time.Duration {
	left := (s.count*p + 99) / 100
	for i, n := range s.counts {
		if left -= int64(n); left <= 0 && s.count > 0 {
			_, next := scale.Bounds(i)
			return time.Duration(min(s.max, int64(next-1)))
		}
	}
	return 0
}
