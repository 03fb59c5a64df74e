//go:build linux

package main

import (
	"fmt"
	"strings"

	"github.com/leat-io/leat/benchmarks/measure"
)

// A table is how rows of one kind are shown.
type table struct {
	title  string
	note   string
	column []column
	better func(sample) float64 // of which ratios to the channel are taken; less is better. nil: no ratios
}

// A column shows a median.
type column struct {
	head string
	of   func(sample) float64
	verb string
}

var (
	throughput = table{
		title: "Throughput",
		note: "Nanoseconds for each item on two cores, all producers and consumers together. What moves one item at a time is shown at batch 1; the channel " +
			"everywhere, also one at a time, because ratios refer to it: below 1, the queue is cheaper. Allocations below a hundredth are what a queue makes while it is new.",
		column: []column{{"ns an item", func(s sample) float64 { return s.Each }, "%.2f"}, {"allocations an item", func(s sample) float64 { return s.Allocs }, "%.3f"}},
		better: func(s sample) float64 { return s.Each },
	}
	waking = table{
		title:  "Waking a consumer",
		note:   fmt.Sprintf("One item after %v of quiet, from before it is sent until its consumer has it. Queues whose consumers yield for ever have none to wake.", quiet),
		column: []column{{"p50, µs", func(s sample) float64 { return s.P50 }, "%.1f"}, {"p99, µs", func(s sample) float64 { return s.P99 }, "%.1f"}},
		better: func(s sample) float64 { return s.P50 },
	}
	resting = table{
		title:  "A consumer that has nothing to do",
		note:   "Processor time of the process meanwhile.",
		column: []column{{"of a core", func(s sample) float64 { return 100 * s.Busy }, "%.2f %%"}},
	}
	disturbing = table{
		title:  fmt.Sprintf("A TCP echo beside %d consumers that have nothing to do", idleBeside),
		note:   "Round trip of 64 bytes between two goroutines of the same process, and how many times as long it is as without those consumers.",
		column: []column{{"p50, µs", func(s sample) float64 { return s.P50 }, "%.1f"}, {"times as long", func(s sample) float64 { return s.Times }, "%.2f"}},
	}
)

// A page is the tables as text.
type page struct {
	machine string
	command string
	rounds  int
	title   string // of the table that was begun last
	text    strings.Builder
}

// head says what was compared, where and how.
func (p *page) head() string {
	s := fmt.Sprintf("## Queues between goroutines\n\n%s. `cd benchmarks && %s`: medians of %d rounds with the least and the greatest; a ratio is the "+
		"geometric mean over the rounds with its 95 %% interval.\n", p.machine, strings.TrimSpace(p.command), p.rounds)
	p.text.WriteString(s)
	return s
}

// add appends a row, and returns its text.
func (p *page) add(r row, got outcome) string {
	var b strings.Builder
	if p.title != r.table.title {
		p.title = r.table.title
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| | |", r.table.title, r.table.note)
		for _, c := range r.table.column {
			fmt.Fprintf(&b, " %s | least – greatest |", c.head)
		}
		columns := 2 + 2*len(r.table.column)
		if r.table.better != nil {
			b.WriteString(" ratio to the channel |")
			columns++
		}
		b.WriteString("\n|" + strings.Repeat("-|", columns) + "\n")
	}
	for _, e := range r.entries {
		runs := got[e.name]
		fmt.Fprintf(&b, "| %s | %s |", r.name, e.name)
		for _, c := range r.table.column {
			least, greatest := c.of(runs[0]), c.of(runs[0])
			for _, s := range runs {
				least, greatest = min(least, c.of(s)), max(greatest, c.of(s))
			}
			fmt.Fprintf(&b, " "+c.verb+" | "+c.verb+" – "+c.verb+" |", measure.Median(runs, c.of), least, greatest)
		}
		if r.table.better != nil {
			fmt.Fprintf(&b, " %s |", r.ratio(e.name, got))
		}
		b.WriteString("\n")
	}
	p.text.WriteString(b.String())
	return b.String()
}

// ratio compares a candidate with the reference round by round.
func (r row) ratio(name string, got outcome) string {
	if name == reference {
		return "1"
	}
	var ratios []float64
	for i, s := range got[name] {
		ratios = append(ratios, r.table.better(s)/r.table.better(got[reference][i]))
	}
	mean, low, high := measure.Interval(ratios)
	if len(ratios) < 2 {
		return fmt.Sprintf("%.3f", mean)
	}
	return fmt.Sprintf("%.3f (%.3f – %.3f)", mean, low, high)
}

func (p *page) String() string { return p.text.String() }
