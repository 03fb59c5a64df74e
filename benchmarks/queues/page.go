//go:build linux

package main

import (
	"fmt"

	"github.com/leat-io/leat/benchmarks/rounds"
)

type column = rounds.Column[sample]

var (
	throughput = &rounds.Table[sample]{
		Title: "Throughput",
		Note: "Nanoseconds for each item on two cores, all producers and consumers together. What moves one item at a time is shown at batch 1; the channel " +
			"everywhere, also one at a time, because ratios refer to it: below 1, the queue is cheaper. Allocations below a hundredth are what a queue makes while it is new.",
		Columns:   []column{{Head: "ns an item", Of: func(s sample) float64 { return s.Each }, Verb: "%.2f"}, {Head: "allocations an item", Of: func(s sample) float64 { return s.Allocs }, Verb: "%.3f"}},
		Better:    func(s sample) float64 { return s.Each },
		Reference: reference,
	}
	waking = &rounds.Table[sample]{
		Title:     "Waking a consumer",
		Note:      fmt.Sprintf("One item after %v of quiet, from before it is sent until its consumer has it. Queues whose consumers yield for ever have none to wake.", quiet),
		Columns:   []column{{Head: "p50, µs", Of: func(s sample) float64 { return s.P50 }, Verb: "%.1f"}, {Head: "p99, µs", Of: func(s sample) float64 { return s.P99 }, Verb: "%.1f"}},
		Better:    func(s sample) float64 { return s.P50 },
		Reference: reference,
	}
	resting = &rounds.Table[sample]{
		Title:   "A consumer that has nothing to do",
		Note:    "Processor time of the process meanwhile.",
		Columns: []column{{Head: "of a core", Of: func(s sample) float64 { return 100 * s.Busy }, Verb: "%.2f %%"}},
	}
	disturbing = &rounds.Table[sample]{
		Title:   fmt.Sprintf("A TCP echo beside %d consumers that have nothing to do", idleBeside),
		Note:    "Round trip of 64 bytes between two goroutines of the same process, and how many times as long it is as without those consumers.",
		Columns: []column{{Head: "p50, µs", Of: func(s sample) float64 { return s.P50 }, Verb: "%.1f"}, {Head: "times as long", Of: func(s sample) float64 { return s.Times }, Verb: "%.2f"}},
	}
)
