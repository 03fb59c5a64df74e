//go:build linux

package main

import (
	"fmt"

	"github.com/leat-io/leat/benchmarks/rounds"
)

type (
	table  = rounds.Table[sample]
	column = rounds.Column[sample]
	row    = rounds.Row[sample]
	entry  = rounds.Entry[sample]
)

var (
	p50     = column{Head: "p50, µs", Of: func(s sample) float64 { return s.P50 }, Verb: "%.2f"}
	p99     = column{Head: "p99, µs", Of: func(s sample) float64 { return s.P99 }, Verb: "%.2f"}
	longest = column{Head: "longest, µs", Of: func(s sample) float64 { return s.Max }, Verb: "%.0f"}
)

var (
	taking = &table{
		Title: "Taking a connection and giving it back",
		Note: "Nanoseconds on two processors, all goroutines together. A yielding goroutine lets others run while it has a connection, so that nearly all must wait " +
			"for one; its figures hold what the scheduler costs. The pool of go-redis is reached without the client around it.",
		Columns:   []column{{Head: "ns", Of: func(s sample) float64 { return s.Each }, Verb: "%.1f"}, {Head: "allocations", Of: func(s sample) float64 { return s.Allocs }, Verb: "%.3f"}},
		Better:    func(s sample) float64 { return s.Each },
		Reference: reference,
	}
	holding = &table{
		Title: fmt.Sprintf("Memory for %d idle connections", pooled),
		Note: "What the pool holds of the heap for them, without what the connections hold themselves, and how many goroutines it has. Over nothing: connections that are " +
			"nothing but Go values. Over TCP: sockets of package net. Connections of go-redis have their buffers of 32 KiB with them.",
		Columns: []column{
			{Head: "KB", Of: func(s sample) float64 { return s.Each / 1e3 }, Verb: "%.2f"}, {Head: "goroutines", Of: func(s sample) float64 { return s.Allocs }, Verb: "%.1f"},
		},
	}
	reaching = &table{
		Title: fmt.Sprintf("Taking a connection to a backend that is %v away", far),
		Note: fmt.Sprintf("The dialer sleeps for that time. At first: %d goroutines want one each at once, %v after the pool was made; a pool that opens nothing by itself has "+
			"none. Steady: those goroutines come and go, and there are %d idle connections.", users, settled, warmed),
		Columns: []column{p50, p99, longest},
	}
	using = &table{
		Title:   "More work than connections",
		Note:    fmt.Sprintf("%d goroutines work with a connection for %v each, again and again, and there are %d connections: what part of their time these are used, and how long people wait.", waiting, work, few),
		Columns: []column{{Head: "used", Of: func(s sample) float64 { return 100 * s.Used }, Verb: "%.2f %%"}, {Head: "a second", Of: func(s sample) float64 { return s.Rate }, Verb: "%.0f"}, p50, p99, longest},
	}
	sharing = &table{
		Title: fmt.Sprintf("Shares of %d backends", backends),
		Note: fmt.Sprintf("leat alone, whose policies share requests out: %d goroutines take connections, let others run and give them back, or work with them where that is said. How far the backend that is farthest "+
			"from its share is away from it, and what a request costs. Weights of the weighted policy are 1, 2 and 3. Keys are random.", served),
		Columns: []column{{Head: "off", Of: func(s sample) float64 { return 100 * s.Off }, Verb: "%.2f %%"}, {Head: "ns", Of: func(s sample) float64 { return s.Each }, Verb: "%.0f"}},
	}
)

// balancing is the row of policies.
func balancing(o options) row {
	r := row{Name: "balance", Table: sharing}
	for _, p := range policies {
		r.Entries = append(r.Entries, entry{Name: p.name, Run: func() (sample, error) { return p.measure(o.pairs) }})
	}
	return r
}

// rows are all measurements, as o wants them.
func rows(o options) (chosen []row) {
	var all []row
	for _, s := range shapes {
		all = append(all, of(s.name, taking, func(c candidate) (sample, error) { return getPut(c, s, o.pairs) }))
	}
	all = append(all,
		of("over nothing", holding, overNothing),
		of("over TCP", holding, overTCP),
		of("at first", reaching, first),
		of("steady", reaching, func(c candidate) (sample, error) { return steady(c, o.length) }),
		of("full", using, func(c candidate) (sample, error) { return full(c, o.length) }),
		balancing(o),
	)
	for _, r := range all {
		if o.Rows.MatchString(r.Name) {
			chosen = append(chosen, r)
		}
	}
	return chosen
}

// of is a row of all candidates.
func of(name string, t *table, run func(c candidate) (sample, error)) row {
	r := row{Name: name, Table: t}
	for _, c := range candidates {
		r.Entries = append(r.Entries, entry{Name: c.name, Run: func() (sample, error) { return run(c) }})
	}
	return r
}
