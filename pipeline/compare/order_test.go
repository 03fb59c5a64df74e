package compare

import (
	"fmt"
	"testing"
)

func TestEveryRoundHasEveryVariantOnce(t *testing.T) {
	for n := 2; n <= 9; n++ {
		for round := range 40 {
			seen := make([]bool, n)
			for _, v := range order(n, round) {
				if seen[v] {
					t.Fatalf("%d variants, round %d: %v", n, round, order(n, round))
				}
				seen[v] = true
			}
		}
	}
}

func TestALinearDriftCancelsWithinTwoRounds(t *testing.T) {
	for n := 2; n <= 9; n++ {
		for round := 0; round < 40; round += 2 {
			places := make([]int, n)
			for r := range 2 {
				for i, v := range order(n, round+r) {
					places[v] += r*n + i
				}
			}
			for _, p := range places {
				if p != places[0] {
					t.Fatalf("%d variants, rounds %d and %d: the times of the variants add up to %v", n, round, round+1, places)
				}
			}
		}
	}
}

func TestAWholeCycleBalancesPlacesAndNeighbours(t *testing.T) {
	for n := 2; n <= 9; n++ {
		cycle, each := n, 1
		if n%2 == 1 {
			cycle, each = 2*n, 2
		}
		places, follows := map[string]int{}, map[string]int{}
		for round := range cycle {
			row := order(n, round)
			for i, v := range row {
				places[fmt.Sprint(v, " at ", i)]++
				if i > 0 {
					follows[fmt.Sprint(v, " after ", row[i-1])]++
				}
			}
		}
		if len(places) != n*n || len(follows) != n*(n-1) {
			t.Errorf("%d variants: %d places and %d neighbours occur", n, len(places), len(follows))
		}
		for what, times := range places {
			if times != each {
				t.Errorf("%d variants: %s %d times, not %d", n, what, times, each)
			}
		}
		for what, times := range follows {
			if times != each {
				t.Errorf("%d variants: %s %d times, not %d", n, what, times, each)
			}
		}
	}
}
