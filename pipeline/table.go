package pipeline

import "github.com/leat-io/leat/stage"

// A table says which lane of a crossing owns each partition. It is replaced, never changed.
type table struct {
	lanes int
	parts [stage.Partitions]uint8
}

func newTable(lanes int) *table {
	t := &table{lanes: lanes}
	for i := range t.parts {
		t.parts[i] = uint8(i % min(lanes, stage.Partitions))
	}
	return t
}

// resized is the table for another number of lanes. Each lane owns as many partitions as any other, or one more, and none
// moves that need not: a lane that stays gives away only what is above its share.
func (t *table) resized(lanes int) *table {
	next := &table{lanes: lanes, parts: t.parts}
	owned := make([]int, max(lanes, t.lanes))
	for _, lane := range t.parts {
		owned[lane]++
	}
	owned = owned[:lanes]
	share := shares(owned)
	to := 0
	for part, lane := range t.parts {
		if int(lane) < lanes && owned[lane] <= share[lane] {
			continue
		}
		for owned[to] >= share[to] {
			to++
		}
		if int(lane) < lanes {
			owned[lane]--
		}
		owned[to]++
		next.parts[part] = uint8(to)
	}
	return next
}

// shares is how many partitions each lane is to own. What does not divide goes to lanes that own more already, so that it
// need not move.
func shares(owned []int) (share []int) {
	share = make([]int, len(owned))
	least, odd := stage.Partitions/len(owned), stage.Partitions%len(owned)
	for i, n := range owned {
		if share[i] = least; n > least && odd > 0 {
			share[i]++
			odd--
		}
	}
	for i := 0; odd > 0; i++ {
		if share[i] == least {
			share[i]++
			odd--
		}
	}
	return share
}
