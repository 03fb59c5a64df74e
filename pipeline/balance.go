package pipeline

import (
	"fmt"
	"strings"
)

// balanceLeast is how many messages a lane must have had on average before its balance is shown beside the live counts.
const balanceLeast = 100

// depths gives a node of a joint its queues.
func (s *NodeStats) depths(each []int, lanes int) {
	s.Depth = sum(each)
	if lanes == 1 {
		return
	}
	s.PerLane = make([]LaneStats, min(lanes, len(each)))
	for i := range s.PerLane {
		s.PerLane[i].Depth = each[i]
	}
}

// A loss is what a lane has dropped because the queue at a place behind a joint was full.
type loss struct {
	node, place int
	n           uint64
}

// balance compares the lanes of a joint.
func (s *NodeStats) balance() {
	var total, most uint64
	for _, l := range s.PerLane {
		total, most = total+l.since, max(most, l.since)
	}
	if total == 0 {
		return
	}
	for i := range s.PerLane {
		s.PerLane[i].Share = float64(s.PerLane[i].since) / float64(total)
	}
	s.Imbalance = float64(most) * float64(len(s.PerLane)) / float64(total)
}

// lopsided says in a few words how even the lanes of a joint are, once that means something, and which have lost messages.
func (s *NodeStats) lopsided() string {
	var words []string
	var taken uint64
	for _, l := range s.PerLane {
		taken += l.since
	}
	if n := len(s.PerLane); n > 0 && taken >= uint64(n*balanceLeast) {
		words = append(words, fmt.Sprintf("busiest lane %.2f of the mean", s.Imbalance))
	}
	if len(s.Hot) > 0 {
		words = append(words, fmt.Sprintf("key %x is %.0f %%", s.Hot[0].Key, 100*s.Hot[0].Share))
	}
	if s.Dropped > 0 && len(s.PerLane) > 0 {
		each := make([]string, len(s.PerLane))
		for i, l := range s.PerLane {
			each[i] = fmt.Sprint(l.Dropped)
		}
		words = append(words, "dropped by lane "+strings.Join(each, " "))
	}
	return strings.Join(words, ", ")
}
