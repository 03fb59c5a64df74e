package pipeline

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/leat-io/leat/stage"
)

// However often the number of lanes changes, each owns its share, and no more partitions move than must.
func TestATableMovesWhatItMust(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	old := newTable(3)
	for range 2000 {
		lanes := 1 + r.IntN(stage.Partitions)
		if r.IntN(2) == 0 {
			lanes = 1 + r.IntN(8)
		}
		next := old.resized(lanes)
		owned, before, moved := make([]int, lanes), make([]int, max(lanes, old.lanes)), 0
		for part := range next.parts {
			owned[next.parts[part]]++
			before[old.parts[part]]++
			if next.parts[part] != old.parts[part] {
				moved++
			}
		}
		if most, least := slices.Max(owned), slices.Min(owned); most > least+1 {
			t.Fatalf("from %d to %d lanes: one owns %d partitions, another %d", old.lanes, lanes, most, least)
		}
		if must := stage.Partitions - kept(before, lanes); moved != must {
			t.Fatalf("from %d to %d lanes %d partitions move, and %d have to", old.lanes, lanes, moved, must)
		}
		old = next
	}
}

// kept is the most partitions that can stay where they are.
func kept(before []int, lanes int) (n int) {
	share, odd := stage.Partitions/lanes, stage.Partitions%lanes
	for lane, owned := range before {
		switch {
		case lane >= lanes:
		case owned > share && odd > 0:
			n += share + 1
			odd--
		default:
			n += min(owned, share)
		}
	}
	return n
}
