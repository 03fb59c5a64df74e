package pipeline

import (
	"sync"
	"time"
)

// reports logs the failures of stages: at once the first time, then at most one line per node and second, with the number
// of those that were not logged. They are all counted in the statistics.
type reports struct {
	pipeline *Pipeline
	mu       sync.Mutex
	nodes    map[string]*reported // guarded by mu
}

type reported struct {
	last  time.Time
	quiet int
}

// reportEvery is the least time between two log lines about one node.
const reportEvery = time.Second

func (r *reports) report(node string, err error) {
	r.mu.Lock()
	if r.nodes == nil {
		r.nodes = map[string]*reported{}
	}
	n := r.nodes[node]
	if n == nil {
		n = &reported{}
		r.nodes[node] = n
	}
	now := time.Now()
	if !n.last.IsZero() && now.Sub(n.last) < reportEvery {
		n.quiet++
		r.mu.Unlock()
		return
	}
	quiet := n.quiet
	n.last, n.quiet = now, 0
	r.mu.Unlock()
	r.pipeline.log.Error("a stage failed", "pipeline", r.pipeline.name, "node", node, "error", err, "not_logged", quiet)
}
