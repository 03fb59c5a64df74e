package codectest

import "testing"

type check[T any] struct {
	name string
	run  func(*Codec[T], testing.TB)
}

func checks[T any]() []check[T] {
	return []check[T]{
		{"encoding and decoding invert", (*Codec[T]).checkInverse},
		{"known bytes mean what they should", (*Codec[T]).checkVectors},
		{"any split gives the same messages", (*Codec[T]).checkSplits},
		{"what is asked for is true and no other bytes are touched", (*Codec[T]).checkPrefixes},
		{"slices lie in the bytes of their message", (*Codec[T]).checkAliases},
		{"connections do not disturb each other", (*Codec[T]).checkConnections},
		{"no input panics or depends on its split", (*Codec[T]).checkHostile},
		{"no input stalls a connection", (*Codec[T]).checkEndless},
		{"no input allocates past the limit", (*Codec[T]).checkMemory},
		{"what drips in costs time in proportion to its length", (*Codec[T]).checkDrip},
		{"decoding allocates nothing", (*Codec[T]).checkAllocations},
	}
}

// Run checks c, each property in a subtest of its own. It counts allocations, so it must not be called in a parallel test.
func Run[T any](t *testing.T, c Codec[T]) {
	for _, ch := range checks[T]() {
		t.Run(ch.name, func(t *testing.T) { ch.run(c.withDefaults(), t) })
	}
}
