//go:build !leakcheck

package stage

// Leakcheck says whether the build tag leakcheck is set: memory that was taken back is poisoned and never used again, and
// every slab knows who holds it.
const Leakcheck = false

type leakMark struct{}

var scrubbing bool

// ScrubReclaimed makes lanes overwrite the bytes that they take back, so that a stage which kept some reads garbage. It is
// for tests and must be called before any lane is made; package stagetest calls it, except when benchmarks run.
func ScrubReclaimed(on bool) { scrubbing = on }

// scrub is called when the first n bytes of the slab have been taken back.
func (s *Slab) scrub(n int) {
	if scrubbing {
		poisonBytes(s.mem[:n])
	}
}

func noteHold(*Slab, string, int) {}

func bury[T any](*Lane, *T) {}

func buryHead(*Lane, *Head) {}

// CheckLive panics under leakcheck when a message of b, or bytes that it points at, have been taken back.
func CheckLive[T any](l *Lane, b []*T) {}

// Lent returns b itself; under leakcheck it returns copies in memory that is never used again, so that a pointer into a
// queue which a stage has kept is noticed. Buried must follow when the batch has left the lane.
func Lent[T any](b []*T) []*T { return b }

// Buried says that the messages that Lent returned have been taken back.
func Buried[T any](*Lane, []*T) {}

// Holders lists, under leakcheck, who still holds slabs of the lanes for which ours is true.
func Holders(ours func(*Lane) bool) []string { return nil }
