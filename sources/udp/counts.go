package udp

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// Counts are what a source and the sinks that send through its sockets have to say beside the counters of nodes.
type counts struct {
	truncated atomic.Uint64 // datagrams longer than MaxDatagram
	readings  atomic.Uint64 // errors of receiving, such as those that ICMP brings to a connected socket
	refusals  atomic.Uint64 // that ICMP brought to a socket that sends
	broken    atomic.Uint64 // trains that went one packet at a time, because the system refused them
	failed    tally         // packets, by reason
	unsent    tally         // packets that were not sent, by reason
}

// gauges leaves out what has not happened.
func (c *counts) gauges() (g []pipeline.Gauge) {
	g = append(g, pipeline.Gauge{Name: "truncated", Value: fmt.Sprint(c.truncated.Load())})
	if n := c.readings.Load(); n > 0 {
		g = append(g, pipeline.Gauge{Name: "errors of receiving", Value: fmt.Sprint(n)})
	}
	g = append(g, c.failed.gauges("failed: ")...)
	g = append(g, c.unsent.gauges("not sent: ")...)
	if n := c.refusals.Load(); n > 0 {
		g = append(g, pipeline.Gauge{Name: "refusals by ICMP", Value: fmt.Sprint(n)})
	}
	if n := c.broken.Load(); n > 0 {
		g = append(g, pipeline.Gauge{Name: "trains that were refused", Value: fmt.Sprint(n)})
	}
	return g
}

// A tally counts by reason. Those that have occurred before are counted without a lock, because a flood of bad packets comes
// from all lanes.
type tally struct {
	by atomic.Pointer[map[string]*atomic.Uint64] // never changed, but replaced
	mu sync.Mutex                                // held by who replaces it
}

func (t *tally) add(reason error) { t.count(stage.LabelOf(reason), 1) }

func (t *tally) count(label string, n int) {
	by := t.by.Load()
	if by == nil || (*by)[label] == nil {
		by = t.with(label)
	}
	(*by)[label].Add(uint64(n))
}

func (t *tally) with(label string) *map[string]*atomic.Uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	more := map[string]*atomic.Uint64{}
	if by := t.by.Load(); by != nil {
		maps.Copy(more, *by)
	}
	if more[label] == nil {
		more[label] = new(atomic.Uint64)
	}
	t.by.Store(&more)
	return &more
}

func (t *tally) gauges(what string) (g []pipeline.Gauge) {
	by := t.by.Load()
	if by == nil {
		return nil
	}
	for _, label := range slices.Sorted(maps.Keys(*by)) {
		g = append(g, pipeline.Gauge{Name: what + label, Value: fmt.Sprint((*by)[label].Load())})
	}
	return g
}
