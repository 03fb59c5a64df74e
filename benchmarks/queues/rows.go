//go:build linux

package main

import (
	"context"
	"fmt"
	"time"
)

// An outcome is the runs of each candidate, of which those with one index are of one round.
type outcome map[string][]sample

// An entry is a candidate in a row.
type entry struct {
	name string
	run  func() (sample, error)
}

// A row is one measurement of those that it suits.
type row struct {
	name    string
	table   table
	entries []entry
	each    time.Duration // about what a run takes
}

// rows are all measurements, as o wants them.
func rows(o options) (all []row) {
	for _, s := range []shape{oneToOne, manyToOne, manyToMany} {
		for _, batch := range []int{1, 32, 256} {
			all = append(all, carrying[word](o, s, batch, 8), carrying[line](o, s, batch, 64))
		}
	}
	wakes := row{name: "wake", table: waking, each: time.Duration(o.pings) * 2 * quiet}
	rests := row{name: "idle", table: resting, each: o.length}
	besides := row{name: "beside an echo", table: disturbing, each: o.length / 2}
	for _, c := range candidates[line]() {
		wakes.entries = append(wakes.entries, entry{c.name, func() (sample, error) { return wake(c, o.pings), nil }})
		rests.entries = append(rests.entries, entry{c.name, func() (sample, error) { return idle(c, o.length) }})
		besides.entries = append(besides.entries, entry{c.name, func() (sample, error) { return beside(c, o.length/4) }})
	}
	all = append(all, wakes, rests, besides)
	var chosen []row
	for _, r := range all {
		if o.rows.MatchString(r.name) {
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
	r := row{
		name: fmt.Sprintf("%d:%d batch %d, %d bytes", s.producers, s.consumers, batch, bytes), table: throughput,
		each: time.Duration(items) * 30 * time.Nanosecond,
	}
	for _, c := range candidates[T]() {
		if c.serves(s, batch) {
			r.entries = append(r.entries, entry{c.name, func() (sample, error) { return carry(c, s, batch, items) }})
		}
	}
	return r
}

// compare runs the candidates in turn.
func (r row) compare(ctx context.Context, rounds int) (outcome, error) {
	got := make(outcome)
	for i := range rounds {
		for j := range r.entries {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			e := r.entries[(i+j)%len(r.entries)]
			s, err := e.run()
			if err != nil {
				return nil, err
			}
			got[e.name] = append(got[e.name], s)
		}
	}
	return got, nil
}

func estimate(all []row, o options) (sum time.Duration) {
	for _, r := range all {
		sum += time.Duration(o.rounds*len(r.entries)) * (r.each + 20*time.Millisecond)
	}
	return sum.Round(time.Second)
}
