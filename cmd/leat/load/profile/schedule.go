package profile

import (
	"math"
	"sort"
	"time"
)

// A Schedule says when the requests of a profile are due. Its methods take and give nanoseconds from the start. It does not
// change, so that any number of goroutines may ask it.
type Schedule struct {
	segments []segment
	end      int64
}

// A segment is a phase with what came before it.
type segment struct {
	Phase
	begin int64   // ns
	first float64 // requests due before it: a fraction where it begins between two
}

// NewSchedule makes the schedule of a profile that has at least one phase.
func NewSchedule(p Profile) *Schedule {
	s := &Schedule{}
	count := 0.
	for _, phase := range p {
		s.segments = append(s.segments, segment{phase, s.end, count})
		count += phase.requests()
		s.end += int64(phase.Length)
	}
	return s
}

// Constant is the schedule of one rate without an end.
func Constant(rate float64) *Schedule {
	return &Schedule{segments: []segment{{Phase: Phase{Kind: Hold, From: rate, To: rate, Length: math.MaxInt64}}}, end: math.MaxInt64}
}

// End is when the last phase ends.
func (s *Schedule) End() int64 { return s.end }

// Phase is the number of the phase that a time belongs to; after the end it is the last one.
func (s *Schedule) Phase(t int64) int {
	if len(s.segments) == 1 {
		return 0
	}
	return sort.Search(len(s.segments)-1, func(i int) bool { return s.segments[i+1].begin > t })
}

// Due is when request i is due, and not before End if there are not so many.
func (s *Schedule) Due(i int64) int64 {
	n := float64(i)
	at := 0
	if len(s.segments) > 1 {
		// The last segment that has begun when the request is due: of those that begin with it, as after a pause, the last.
		at = sort.Search(len(s.segments)-1, func(k int) bool { return s.segments[k+1].first > n })
	}
	seg := &s.segments[at]
	wait := seg.after(n-seg.first) * float64(time.Second)
	if !(wait < math.MaxInt64) || int64(wait) > math.MaxInt64-seg.begin { // also what a rate of 0 makes of it
		return math.MaxInt64
	}
	return seg.begin + int64(wait)
}

// after is the number of seconds from the beginning of the segment until its integral is n: the solution of
// From·t + (To-From)/(2·Length)·t² = n in the form that does not cancel for small n, nor divide by a slope of 0.
func (s *segment) after(n float64) float64 {
	if n == 0 && s.From+s.To > 0 {
		return 0
	}
	if s.From == s.To {
		return n / s.From
	}
	slope := (s.To - s.From) / s.Length.Seconds()
	return 2 * n / (s.From + math.Sqrt(max(0, s.From*s.From+2*slope*n)))
}

// First is the number of the first request that is due at t or later.
func (s *Schedule) First(t int64) int64 {
	// The integral up to t, give or take the rounding of a division, is where to look.
	seg := s.segments[s.Phase(t)]
	passed := float64(t-seg.begin) / float64(time.Second)
	n := seg.first + passed*(seg.From+passed*(seg.To-seg.From)/(2*seg.Length.Seconds()))
	i := max(0, int64(n)-2)
	for s.Due(i) < t {
		i++
	}
	return i
}
