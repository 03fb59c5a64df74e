package balance

import (
	"math/bits"
	"slices"
)

// A point is where a member stands on a continuum: a hash above the index of the member. Points sort by their hashes, and
// those of one hash by the indices.
type point uint64

func newPoint(at uint32, owner int) point { return point(at)<<32 | point(owner) }

func (p point) at() uint32 { return uint32(p >> 32) }
func (p point) owner() int { return int(uint32(p)) }

// A continuum is a ring of 2^32 hashes with the points of members on it. An index of where each of equal arcs begins makes a
// search take constant time.
type continuum struct {
	points []point
	arcs   []uint32 // the first point at or after each arc's beginning
	shift  int      // from a hash to its arc
}

// newContinuum sorts the points, and keeps them.
func newContinuum(points []point) *continuum {
	slices.Sort(points)
	width := bits.Len(uint(len(points))) // about one point an arc
	c := &continuum{points: points, arcs: make([]uint32, 1<<width), shift: 32 - width}
	next := 0
	for arc := range c.arcs {
		for next < len(points) && points[next].at()>>c.shift < uint32(arc) {
			next++
		}
		c.arcs[arc] = uint32(next)
	}
	return c
}

// find is the index of the first point at h or after it.
func (c *continuum) find(h uint32) int {
	i := int(c.arcs[h>>c.shift])
	for i < len(c.points) && c.points[i].at() < h {
		i++
	}
	if i == len(c.points) {
		return 0
	}
	return i
}
