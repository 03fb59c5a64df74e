package stage

import (
	"fmt"
	"strconv"
	"time"
)

// Batch holds messages until there are count of them or until the first has waited for wait, so that what follows sees few
// and large batches. It emits all that it has, which may be more than count.
func Batch[T any](count int, wait time.Duration) Maker[T, T] {
	NeedHead[T]("stage.Batch")
	if count < 1 || wait <= 0 {
		panic(fmt.Sprintf("stage.Batch: wants a count of at least 1 and a time above 0, not %d and %v", count, wait))
	}
	return func(l *Lane) Stage[T, T] { return &batch[T]{lane: l, count: count, wait: wait} }
}

type batch[T any] struct {
	lane  *Lane
	count int
	wait  time.Duration

	held   []*Kept[T]
	due    time.Time  // when the first of held has waited for long enough
	spare  []*Kept[T] // empty
	used   []*Kept[T] // emitted in the batch usedIn, and empty when that has left the lane
	usedIn uint32
}

func (s *batch[T]) Process(dst, src []*T) ([]*T, error) {
	if len(s.held) == 0 && len(src) >= s.count {
		return src, nil
	}
	if len(s.held)+len(src) >= s.count {
		return append(s.emit(dst), src...), nil
	}
	if len(s.held) == 0 {
		s.due = time.Now().Add(s.wait)
	}
	for _, m := range src {
		k := s.box()
		k.Keep(s.lane, m)
		s.held = append(s.held, k)
	}
	return dst, nil
}

func (s *batch[T]) box() *Kept[T] {
	if len(s.spare) == 0 && s.usedIn != s.lane.Batch() {
		s.spare, s.used = s.used, s.spare
	}
	n := len(s.spare)
	if n == 0 {
		return new(Kept[T])
	}
	k := s.spare[n-1]
	s.spare = s.spare[:n-1]
	return k
}

func (s *batch[T]) emit(dst []*T) []*T {
	if s.usedIn != s.lane.Batch() {
		s.spare, s.used = append(s.spare, s.used...), s.used[:0]
		s.usedIn = s.lane.Batch()
	}
	for _, k := range s.held {
		dst = append(dst, k.Take(s.lane))
	}
	s.used = append(s.used, s.held...)
	s.held = s.held[:0]
	return dst
}

func (s *batch[T]) Flush(dst []*T) []*T { return s.emit(dst) }

func (s *batch[T]) Tick(dst []*T, now time.Time) ([]*T, time.Time) {
	switch {
	case len(s.held) == 0:
		return dst, time.Time{}
	case now.Before(s.due):
		return dst, s.due
	}
	return s.emit(dst), time.Time{}
}

// Params make count and wait settable while the stage runs.
func (s *batch[T]) Params() []Param {
	return []Param{
		{"count", func() string { return strconv.Itoa(s.count) }, func(v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 {
				return fmt.Errorf("count wants a whole number of at least 1, not %q", v)
			}
			s.count = n
			return nil
		}},
		{"wait", func() string { return s.wait.String() }, func(v string) error {
			d, err := time.ParseDuration(v)
			if err != nil || d <= 0 {
				return fmt.Errorf("wait wants a duration above 0, such as 5ms, not %q", v)
			}
			s.wait = d
			return nil
		}},
	}
}
