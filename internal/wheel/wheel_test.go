package wheel_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/leat-io/leat/internal/wheel"
)

// A wheel does what a map of deadlines does, also where the ticks wrap.
func TestAWheelIsAMapOfDeadlines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w wheel.Wheel
		model := map[uint32]uint32{}
		now := rapid.SampledFrom([]uint32{0, 511, math.MaxUint32 - 700}).Draw(t, "start")
		w.Advance(now, func(uint32) {})
		index := rapid.Uint32Range(0, 1200)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch i := index.Draw(t, "i"); rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				ahead := rapid.Uint32Range(0, 3000).Draw(t, "ahead")
				w.Set(i, now+ahead)
				model[i] = now + max(ahead, 1)
			case 2:
				w.Drop(i)
				delete(model, i)
			default:
				now += rapid.Uint32Range(0, 1500).Draw(t, "ticks")
				var got, want []uint32
				w.Advance(now, func(i uint32) { got = append(got, i) })
				for i, due := range model {
					if int32(due-now) <= 0 {
						want = append(want, i)
						delete(model, i)
					}
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Fatalf("late: %v, not %v", got, want)
				}
			}
			if w.Len() != len(model) || w.Now() != now {
				t.Fatalf("%d are set at %d, not %d at %d", w.Len(), w.Now(), len(model), now)
			}
			for i, due := range model {
				if got, ok := w.Due(i); !ok || got != due {
					t.Fatalf("%d is due at %d, %v, not at %d", i, got, ok, due)
				}
			}
		}
	})
}

// Whoever is told that one is late may set and drop others, also such as are late too.
func TestWhatIsLateMayChangeTheWheel(t *testing.T) {
	var w wheel.Wheel
	for i := range uint32(4) {
		w.Set(i, 5)
	}
	told := map[uint32]int{}
	w.Advance(5, func(i uint32) {
		told[i]++
		w.Set(i, 6)
		w.Drop(i ^ 1)
	})
	if len(told) != 2 || w.Len() != 2 {
		t.Errorf("told %v, and %d are left", told, w.Len())
	}
	for i, n := range told {
		if due, ok := w.Due(i); n != 1 || !ok || due != 6 {
			t.Errorf("%d was told %d times and is due at %d, %v", i, n, due, ok)
		}
	}
}

func TestAWheelAllocatesNothing(t *testing.T) {
	var w wheel.Wheel
	w.Set(99, 1)
	now := uint32(0)
	if n := testing.AllocsPerRun(1000, func() {
		now++
		w.Set(7, now+1)
		w.Set(8, now+600)
		w.Advance(now, func(uint32) {})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSet(b *testing.B) {
	b.ReportAllocs()
	var w wheel.Wheel
	for i := range uint32(b.N) {
		w.Set(i%8192, i%4096)
	}
}
