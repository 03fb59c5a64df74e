package stage

import "slices"

// A guard lets a function run over a batch message by message, so that a panic costs the connection of one message: that
// message is dropped and the rest go on.
type guard struct {
	lane *Lane
	at   int // index of the message that runs
}

// A Resumable is a stage that calls a function for each message and can go on behind a message over which it panicked, so
// that the panic costs that message's connection alone. Process does all of that by itself; a pipeline that runs several
// such stages one behind the other recovers once for all of them.
type Resumable[T any] interface {
	Stage[T, T]
	// Try is Process without the recovery.
	Try(src []*T) []*T
	// Resume is called when Try or Resume has panicked with value: it drops the message and goes on with the batch.
	Resume(value any) []*T
}

// Guarded is Try with its recovery.
func Guarded[T any](s Resumable[T], src []*T) []*T {
	var value any
	out, ok := attempt(s, src, &value)
	for !ok {
		out, ok = attempt(s, nil, &value)
	}
	return out
}

func attempt[T any](s Resumable[T], src []*T, value *any) (out []*T, ok bool) {
	defer func() {
		if !ok {
			*value = recover()
		}
	}()
	if v := *value; v != nil {
		*value = nil
		return s.Resume(v), true
	}
	return s.Try(src), true
}

type do[T any] struct {
	guard
	f    func(*T)
	src  []*T // the batch that runs
	done int  // how many messages of src are behind a panic
}

func (s *do[T]) Process(_, src []*T) ([]*T, error) { return Guarded(s, src), nil }

func (s *do[T]) Try(src []*T) []*T {
	s.src, s.done = src, 0
	return s.rest(src)
}

func (s *do[T]) rest(src []*T) []*T {
	f := s.f // in a local, and indexed: a tenth less time than the loop one would write
	for i := range src {
		s.at = i
		f(src[i])
	}
	return s.src
}

func (s *do[T]) Resume(value any) []*T {
	s.done += s.at
	s.lane.Panicked(value, HeadOf(s.src[s.done]))
	s.src = slices.Delete(s.src, s.done, s.done+1)
	return s.rest(s.src[s.done:])
}

// Do changes each message in place, in all but its Head. A panic in f ends the connection of that message and nothing else.
func Do[T any](f func(*T)) Maker[T, T] {
	NeedHead[T]("stage.Do")
	return func(l *Lane) Stage[T, T] { return &do[T]{guard: guard{lane: l}, f: f} }
}

type filter[T any] struct {
	guard
	keep func(*T) bool
	src  []*T // the batch that runs
	done int  // how many messages of src are behind a panic
	kept int  // how many are kept, at the front of src
}

func (s *filter[T]) Process(_, src []*T) ([]*T, error) { return Guarded(s, src), nil }

func (s *filter[T]) Try(src []*T) []*T {
	s.src, s.done, s.kept = src, 0, 0
	return s.rest(src)
}

func (s *filter[T]) rest(src []*T) []*T {
	for i, m := range src {
		s.at = i
		if s.keep(m) {
			s.src[s.kept] = m
			s.kept++
		}
	}
	return s.src[:s.kept]
}

func (s *filter[T]) Resume(value any) []*T {
	s.done += s.at
	s.lane.Panicked(value, HeadOf(s.src[s.done]))
	s.done++
	return s.rest(s.src[s.done:])
}

// Filter keeps the messages for which keep is true. The tickets of the others are void: their requests get no answer. A
// panic in keep ends the connection of that message and nothing else.
func Filter[T any](keep func(*T) bool) Maker[T, T] {
	NeedHead[T]("stage.Filter")
	return func(l *Lane) Stage[T, T] { return &filter[T]{guard: guard{lane: l}, keep: keep} }
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
		h, k := HeadOf(m), HeadOf(o)
		*k = *h
		k.bits = unshared
		s.f(o, m)
		if k.heir(h) {
			k.bits = h.bits
			h.bits &^= open
		}
		out = append(out, o)
	}
	return out, len(src)
}

// heir says whether what a function has made of the message of h still answers its request: not when the function has given
// it to somebody else, but also when it has assigned the whole struct and so overwritten the Head.
func (k *Head) heir(h *Head) bool {
	if k.bits == unshared {
		return true
	}
	if *k == (Head{}) {
		*k = *h
		return true
	}
	return false
}

// Map makes one message of another type of each: f fills out, which is zero but for the Head of in. Out may alias the
// bytes of in. A panic in f ends the connection of that message and nothing else.
func Map[In, Out any](f func(out *Out, in *In)) Maker[In, Out] {
	NeedHead[In]("stage.Map")
	NeedHead[Out]("stage.Map")
	return func(l *Lane) Stage[In, Out] { return &mapping[In, Out]{guard{lane: l}, NewArena[Out](l), f} }
}
