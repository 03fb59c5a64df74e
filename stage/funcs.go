package stage

import "slices"

// A guard lets a function run over a batch message by message, so that a panic costs the connection of one message: that
// message is dropped and the rest go on.
type guard struct {
	lane *Lane
	at   int // index of the message that runs
}

type do[T any] struct {
	guard
	f func(*T)
}

func (s *do[T]) Process(_, src []*T) ([]*T, error) {
	for done := s.run(src); done < len(src); {
		src = slices.Delete(src, done, done+1)
		done += s.run(src[done:])
	}
	return src, nil
}

func (s *do[T]) run(src []*T) (done int) {
	defer func() {
		if r := recover(); r != nil {
			s.lane.Panicked(r, HeadOf(src[s.at]))
			done = s.at
		}
	}()
	for i, m := range src {
		s.at = i
		s.f(m)
	}
	return len(src)
}

// Do changes each message in place. A panic in f ends the connection of that message and nothing else.
func Do[T any](f func(*T)) Maker[T, T] {
	NeedHead[T]("stage.Do")
	return func(l *Lane) Stage[T, T] { return &do[T]{guard{lane: l}, f} }
}

type filter[T any] struct {
	guard
	keep func(*T) bool
}

func (s *filter[T]) Process(_, src []*T) ([]*T, error) {
	dst := src[:0]
	for len(src) > 0 {
		var n int
		dst, n = s.run(dst, src)
		src = src[n:]
	}
	return dst, nil
}

// run filters until the end or a panic; it reports how many messages are dealt with.
func (s *filter[T]) run(dst, src []*T) (kept []*T, n int) {
	kept = dst
	defer func() {
		if r := recover(); r != nil {
			s.lane.Panicked(r, HeadOf(src[s.at]))
			n = s.at + 1
		}
	}()
	for i, m := range src {
		s.at = i
		if s.keep(m) {
			kept = append(kept, m)
		}
	}
	return kept, len(src)
}

// Filter keeps the messages for which keep is true. The tickets of the others are void: their requests get no answer. A
// panic in keep ends the connection of that message and nothing else.
func Filter[T any](keep func(*T) bool) Maker[T, T] {
	NeedHead[T]("stage.Filter")
	return func(l *Lane) Stage[T, T] { return &filter[T]{guard{lane: l}, keep} }
}

type mapping[In, Out any] struct {
	guard
	arena *Arena[Out]
	f     func(*Out, *In)
}

func (s *mapping[In, Out]) Process(dst []*Out, src []*In) ([]*Out, error) {
	for len(src) > 0 {
		var n int
		dst, n = s.run(dst, src)
		src = src[n:]
	}
	return dst, nil
}

func (s *mapping[In, Out]) run(dst []*Out, src []*In) (out []*Out, n int) {
	out = dst
	defer func() {
		if r := recover(); r != nil {
			s.lane.Panicked(r, HeadOf(src[s.at]))
			n = s.at + 1
		}
	}()
	for i, m := range src {
		s.at = i
		o := s.arena.New()
		h := HeadOf(m)
		*HeadOf(o) = *h
		s.f(o, m)
		h.bits &^= open
		out = append(out, o)
	}
	return out, len(src)
}

// Map makes one message of another type of each: f fills out, which is zero but for the Head of in. Out may alias the
// bytes of in. A panic in f ends the connection of that message and nothing else.
func Map[In, Out any](f func(out *Out, in *In)) Maker[In, Out] {
	NeedHead[In]("stage.Map")
	NeedHead[Out]("stage.Map")
	return func(l *Lane) Stage[In, Out] { return &mapping[In, Out]{guard{lane: l}, NewArena[Out](l), f} }
}
