package metrics

import (
	rt "runtime/metrics"
	"strconv"

	"github.com/leat-io/leat/pipeline"
)

// figures are counts at one moment.
type figures struct {
	active, total    uint64 // connections
	requests         uint64
	in, out          uint64 // bytes
	dropped          uint64 // messages, by full queues
	unreceived       uint64 // datagrams
	lanes            int
	goroutines, heap uint64
}

// look takes the figures of the pipeline from its statistics, and those of the process from the runtime, which gives them
// without stopping anything.
func look(stats pipeline.Stats, requests string) (f figures) {
	for _, n := range stats {
		f.in, f.out = f.in+n.BytesIn, f.out+n.BytesOut
		f.dropped += n.Dropped
		switch n.Kind {
		case "source":
			f.active += gauge(n, "open")
			f.total += gauge(n, "accepted")
			f.unreceived += gauge(n, "dropped by the kernel")
			f.lanes += n.Lanes
		case "sink": // that has taken connections over
			f.in += gauge(n, "bytes in")
			f.out += gauge(n, "bytes out")
		case "queue", "shard", "spread":
			f.lanes += n.Lanes
		}
	}
	f.requests = stats.Node(requests).Out
	s := []rt.Sample{{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/heap/objects:bytes"}}
	rt.Read(s)
	f.goroutines, f.heap = s[0].Value.Uint64(), s[1].Value.Uint64()
	return f
}

// gauge is the number that a node shows under a name, or 0.
func gauge(n pipeline.NodeStats, name string) uint64 {
	for _, g := range n.Gauges {
		if g.Name == name {
			v, _ := strconv.ParseUint(g.Value, 10, 64)
			return v
		}
	}
	return 0
}
