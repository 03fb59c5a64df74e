package queue

import (
	"math/bits"
	"reflect"
)

// slots is memory for messages that is used in a circle. Positions count on for ever; a message of position i is in slot i
// modulo the number of slots, which is a power of two.
type slots[T any] struct {
	buf   []T
	plain bool // T points at nothing
}

// newSlots makes at least n slots.
func newSlots[T any](n int) slots[T] {
	return slots[T]{make([]T, 1<<bits.Len(uint(n-1))), plain(reflect.TypeFor[T]())}
}

// plain says whether values of t keep nothing else alive. It may say no of one that does not.
func plain(t reflect.Type) bool {
	switch k := t.Kind(); {
	case k <= reflect.Complex128 && k != reflect.Invalid:
		return true
	case k == reflect.Array:
		return plain(t.Elem())
	case k == reflect.Struct:
		for f := range t.Fields() {
			if !plain(f.Type) {
				return false
			}
		}
		return true
	}
	return false
}

func (s *slots[T]) index(at uint64) int { return int(at & uint64(len(s.buf)-1)) }

// cut returns the n slots from position at on, in two pieces because they may go around the end.
func (s *slots[T]) cut(at uint64, n int) (a, b []T) {
	a = s.buf[s.index(at):]
	if n <= len(a) {
		return a[:n], nil
	}
	return a, s.buf[:n-len(a)]
}

// put copies messages in.
func (s *slots[T]) put(at uint64, src []*T) {
	a, b := s.cut(at, len(src))
	gather(a, src[:len(a)])
	if len(b) > 0 {
		gather(b, src[len(a):])
	}
}

// lend fills dst with pointers to the slots.
func (s *slots[T]) lend(at uint64, dst []*T) {
	a, b := s.cut(at, len(dst))
	point(dst[:len(a)], a)
	if len(b) > 0 {
		point(dst[len(a):], b)
	}
}

// move copies messages out and clears them.
func (s *slots[T]) move(dst []T, at uint64) {
	a, b := s.cut(at, len(dst))
	copy(dst, a)
	copy(dst[len(a):], b)
	clear(a)
	clear(b)
}

// clear lets go what n messages point at, so that an idle queue keeps nothing alive. Those that point at nothing are left: to
// write to their lines, which the consumer has only read, would take them away from the producer for nothing.
func (s *slots[T]) clear(at uint64, n int) {
	if s.plain {
		return
	}
	a, b := s.cut(at, n)
	clear(a)
	clear(b)
}

// The two loops have slices of one length, which spares them the checks of bounds.

func gather[T any](dst []T, src []*T) {
	dst = dst[:len(src)]
	for i, m := range src {
		dst[i] = *m
	}
}

func point[T any](dst []*T, src []T) {
	dst = dst[:len(src)]
	for i := range src {
		dst[i] = &src[i]
	}
}
