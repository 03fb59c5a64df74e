//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/leat-io/leat/benchmarks/rounds"
)

// A row is one measurement, and about what a run of it takes.
type row struct {
	rounds.Row[sample]
	each time.Duration
}

type entry = rounds.Entry[sample]

// rows are all measurements, as o wants them.
func rows(o options) (all []row) {
	for _, s := range []shape{oneToOne, manyToOne, manyToMany} {
		for _, batch := range []int{1, 32, 256} {
			all = append(all, carrying[word](o, s, batch, 8), carrying[line](o, s, batch, 64))
		}
	}
	wakes := row{rounds.Row[sample]{Name: "wake", Table: waking}, time.Duration(o.pings) * 2 * quiet}
	rests := row{rounds.Row[sample]{Name: "idle", Table: resting}, o.length}
	besides := row{rounds.Row[sample]{Name: "beside an echo", Table: disturbing}, o.length / 2}
	for _, c := range candidates[line]() {
		wakes.Entries = append(wakes.Entries, entry{Name: c.name, Run: func() (sample, error) { return wake(c, o.pings), nil }})
		rests.Entries = append(rests.Entries, entry{Name: c.name, Run: func() (sample, error) { return idle(c, o.length) }})
		besides.Entries = append(besides.Entries, entry{Name: c.name, Run: func() (sample, error) { return beside(c, o.length/4) }})
	}
	all = append(all, wakes, rests, besides)
	var chosen []row
	for _, r := range all {
		if o.Rows.MatchString(r.Name) {
			chosen = append(chosen, r)
		}
	}
	return chosen
}

// carrying is a row of throughput, with candidates for items of some bytes.
func carrying[T item](o options, s shape, batch, bytes int) row {
	items := o.items
	if batch == 1 {
		items /= 8
	}
	name := fmt.Sprintf("%d:%d batch %d, %d bytes", s.producers, s.consumers, batch, bytes)
	r := row{rounds.Row[sample]{Name: name, Table: throughput}, time.Duration(items) * 30 * time.Nanosecond}
	for _, c := range candidates[T]() {
		if c.serves(s, batch) {
			r.Entries = append(r.Entries, entry{Name: c.name, Run: func() (sample, error) { return carry(c, s, batch, items) }})
		}
	}
	return r
}

func estimate(all []row, o options) (sum time.Duration) {
	for _, r := range all {
		sum += time.Duration(o.Rounds*len(r.Entries)) * (r.each + 20*time.Millisecond)
	}
	return sum.Round(time.Second)
}
