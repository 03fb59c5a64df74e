package queue

import (
	"slices"
	"testing"
)

// Three producers claim one after the other and are done in any order: the consumer sees nothing behind a block that is not
// filled, and everything once it is.
func TestBlocksAppearInTheOrderOfTheirClaims(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		made, err := Blocks[int](NewConfig(Cap(7)))
		if err != nil {
			t.Fatal(err)
		}
		q := made.(*blocks[int])
		var cl claimant
		q.credit.join(&cl, nil)
		for round := range 20 { // around the end, over marks of earlier rounds
			var at [3]uint64
			for i := range at {
				at[i], _ = q.credit.take(&cl, 2)
				q.slots.put(at[i], ints(2*i, 2))
			}
			var got []int
			var done [3]bool
			for _, i := range order {
				q.publish(at[i], at[i]+2)
				done[i] = true
				for _, m := range q.Pop(make([]*int, 7)) {
					got = append(got, *m)
				}
				filled := 2 * max(0, slices.Index(append(done[:], false), false))
				if len(got) != filled {
					t.Fatalf("order %v, round %d, after block %d: %d messages came, not %d", order, round, i, len(got), filled)
				}
			}
			if !slices.Equal(got, []int{0, 1, 2, 3, 4, 5}) {
				t.Fatalf("order %v, round %d: %v came", order, round, got)
			}
			q.Pop(nil)
		}
	}
}
