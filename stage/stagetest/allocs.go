package stagetest

import (
	"testing"

	"github.com/leat-io/leat/stage"
)

// Allocs fails the test when f, in steady state, allocates more than most times. It skips the test under the race detector
// and leakcheck, which allocate themselves. It must not be called in a parallel test.
func Allocs(t testing.TB, most float64, f func()) {
	t.Helper()
	if raceEnabled || stage.Leakcheck {
		t.Skip("the race detector and leakcheck allocate")
	}
	for range 100 { // until buffers have grown and pools are filled
		f()
	}
	if n := testing.AllocsPerRun(100, f); n > most {
		t.Errorf("%v allocations, want at most %v", n, most)
	}
}
