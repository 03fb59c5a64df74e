package load

import "sync/atomic"

// A census counts the connections that users share, or open for each turn.
type census struct {
	open   atomic.Int64
	opened atomic.Int64
	lost   atomic.Int64
}

func (c *census) opens() {
	c.open.Add(1)
	c.opened.Add(1)
}

func (c *census) closes(lost bool) {
	c.open.Add(-1)
	if lost {
		c.lost.Add(1)
	}
}
