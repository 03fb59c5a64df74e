package codectest

import "testing"

// Race says that the race detector is on.
const Race = raceEnabled

// Checks are the names of what Run checks.
func Checks() (names []string) {
	for _, ch := range checks[struct{}]() {
		names = append(names, ch.name)
	}
	return names
}

// Check runs one of them.
func Check[T any](t testing.TB, name string, c Codec[T]) {
	for _, ch := range checks[T]() {
		if ch.name == name {
			ch.run(c.withDefaults(), t)
			return
		}
	}
	panic("no check is named " + name)
}

// TryFuzz is what Fuzz does with one input.
func TryFuzz[T any](t testing.TB, c Codec[T], wire, sizes []byte) {
	c.withDefaults().fuzz(t, wire, sizes)
}
