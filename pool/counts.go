package pool

import (
	"sync/atomic"
	"time"
)

// counts are what a backend counts away from the path of a Get that finds an idle connection. How often that happens the
// heads of the shards count, see upkeep.
type counts struct {
	opened    atomic.Uint64 // connections
	closed    [reasons]atomic.Uint64
	failed    atomic.Uint64 // dials
	hits      atomic.Uint64 // taken from the line of FIFO order
	moved     atomic.Uint64 // taken from among the idle ones, and not by whoever got it
	waits     atomic.Uint64 // for a connection that is given back or dialed
	exhausted atomic.Uint64 // found MaxOpen reached

	wait, dial, lifetime histogram
}

// The time of the first waits is measured each, and later that of one in so many, since the clock costs as much as a wait.
const (
	everyWait = 1024
	someWaits = 16
)

// waitBegins counts a wait, and returns the time if it is one to be measured.
func (c *counts) waitBegins() (began time.Time, measured bool) {
	n := c.waits.Add(1)
	if n > everyWait && n%someWaits != 0 {
		return began, false
	}
	return time.Now(), true
}
