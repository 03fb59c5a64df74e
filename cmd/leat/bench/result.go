package bench

import (
	"slices"

	"github.com/leat-io/leat/pipeline"
)

// A Result is what the nodes of an assembly cost.
type Result struct {
	Assembly  string `json:"assembly"`
	GoVersion string `json:"go"`
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	CPU       string `json:"cpu,omitempty"`
	Nodes     []Node `json:"nodes"`
}

// A Node is what one node costs, by size of its batches.
type Node struct {
	pipeline.Recorded
	PerBatch float64 `json:"per_batch"`         // messages in a batch that came to it under load; of a joint, that its lanes took
	Skipped  []int   `json:"skipped,omitempty"` // sizes of batches for which too few messages came to it
	Cells    []Cell  `json:"cells"`
}

// A Cell is what one node costs in batches of one size. A message is one that comes in, or goes out where more do.
type Cell struct {
	Batch  int     `json:"batch"`
	Ns     float64 `json:"ns_per_message"` // median of the runs
	Spread float64 `json:"spread"`         // of the runs: from least to most, as a part of the median
	// Overhead is what was measured without the node, for each message that comes in, and subtracted.
	Overhead float64 `json:"overhead_ns_per_message"`
	// Restoring is what it takes to make a message once more what it was. It is never part of the time.
	Restoring float64 `json:"restoring_ns_per_message"`
	Bytes     float64 `json:"bytes_per_second"` // of what is written to connections, or else of the messages that come in
	Allocs    float64 `json:"allocs_per_message"`
	Alloced   float64 `json:"allocated_bytes_per_message"`
	OutPerIn  float64 `json:"out_per_in"` // messages
	Runs      []Timed `json:"runs"`
}

// Timed is one run.
type Timed struct {
	Messages int     `json:"messages"`
	Ns       float64 `json:"ns_per_message"`
	Bytes    float64 `json:"bytes_per_second"`

	overhead, restoring float64
}

// add takes in one run and what was measured beside it without the node.
func (c *Cell) add(s, idle pipeline.Sample) {
	in, messages := float64(s.In), max(s.In, s.Out)
	overhead := float64(idle.Elapsed) / float64(idle.In)
	spent := max(float64(s.Elapsed)-overhead*in, 0)
	t := Timed{Messages: messages, Ns: spent / float64(messages), overhead: overhead, restoring: float64(s.Whole-s.Elapsed) / in}
	bytes := s.Bytes
	if s.Wrote > 0 {
		bytes = s.Wrote
	}
	if spent > 0 {
		t.Bytes = float64(bytes) / (spent / 1e9)
	}
	c.OutPerIn = round(float64(s.Out) / in)
	c.Runs = append(c.Runs, t)
}

// finish sums up the runs, and the count of allocations.
func (c *Cell) finish(s pipeline.Sample) {
	of := func(f func(Timed) float64) []float64 {
		all := make([]float64, len(c.Runs))
		for i, r := range c.Runs {
			all[i] = f(r)
		}
		slices.Sort(all)
		return all
	}
	ns := of(func(t Timed) float64 { return t.Ns })
	c.Ns = round(median(ns))
	if c.Ns > 0 {
		c.Spread = round((ns[len(ns)-1] - ns[0]) / c.Ns)
	}
	c.Overhead = round(median(of(func(t Timed) float64 { return t.overhead })))
	c.Restoring = round(median(of(func(t Timed) float64 { return t.restoring })))
	c.Bytes = round(median(of(func(t Timed) float64 { return t.Bytes })))
	messages := float64(max(s.In, s.Out))
	c.Allocs, c.Alloced = round(float64(s.Mallocs)/messages), round(float64(s.Alloced)/messages)
}

// median is that of sorted numbers, of which there is at least one.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
