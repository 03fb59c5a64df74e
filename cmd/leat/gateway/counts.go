package gateway

import (
	"fmt"
	"sync/atomic"

	"github.com/leat-io/leat/pipeline"
)

// counts are what a gateway has carried so far. A connection is one that was handed to it, or a stream that was.
type counts struct {
	all, open     atomic.Int64
	refused, lost atomic.Int64 // nothing behind the gateway; ended out of order
	in, out       atomic.Int64 // bytes from who has connected, and to them
}

func (c *counts) gauges() (g []pipeline.Gauge) {
	show := func(name string, n *atomic.Int64) {
		g = append(g, pipeline.Gauge{Name: name, Value: fmt.Sprint(n.Load())})
	}
	show("connections", &c.all)
	show("connections open", &c.open)
	show("connections refused", &c.refused)
	show("connections broken", &c.lost)
	show("bytes in", &c.in)
	show("bytes out", &c.out)
	return g
}

// begin counts a connection, and returns what counts its end.
func (c *counts) begin() (end func(refused, broken bool)) {
	c.all.Add(1)
	c.open.Add(1)
	return func(refused, broken bool) {
		c.open.Add(-1)
		switch {
		case refused:
			c.refused.Add(1)
		case broken:
			c.lost.Add(1)
		}
	}
}
