package load

import (
	"math/rand/v2"
	"testing"
)

func TestAFifoGivesWhatItWasGivenInOrderAndKeepsItsSize(t *testing.T) {
	var f fifo[int]
	random := rand.New(rand.NewPCG(1, 2))
	in, out := 0, 0
	for range 100_000 {
		if n := in - out; n < 50 && random.IntN(2) == 0 {
			f.push(in)
			in++
		} else if n > 0 {
			if got := f.pop(); got != out {
				t.Fatalf("got %d, want %d", got, out)
			}
			out++
		}
		if f.len() != in-out {
			t.Fatalf("%d are said to be in it, not %d", f.len(), in-out)
		}
	}
	if cap(f.all) > 256 {
		t.Errorf("50 elements have room for %d", cap(f.all))
	}
}
