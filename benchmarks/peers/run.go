//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
)

// An outcome is a row that has been measured: the runs of each contender, of which those with one index are of one round.
type outcome struct {
	Runs   map[string][]figures
	Failed map[string]string // why a contender is not among them
}

func run(ctx context.Context, o options, out io.Writer) error {
	dir, err := os.MkdirTemp("", "leat-peers")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	field, err := build(ctx, dir, o.rivals)
	if err != nil {
		return err
	}
	for _, c := range field.contenders {
		if err := verify(ctx, c.Server); err != nil {
			return err
		}
	}
	log, err := record.Open(o.record, o.resume)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // each row is on the disk when Save returns
	all := tables(o)
	fmt.Fprintf(os.Stderr, "%d contenders echo; about %v to measure\n", len(field.contenders), estimate(all, len(field.contenders)))
	p := page{field: field, machine: measure.Machine(), command: record.Command(append([]string{"go", "run", "./peers"}, os.Args[1:]...)...), length: o.length}
	fmt.Fprintln(out, p.head())
	for _, t := range all {
		var got []outcome
		for _, r := range t.rows {
			one, err := once(ctx, log, t, r, field)
			if err != nil {
				return err
			}
			got = append(got, one)
		}
		fmt.Fprintln(out, p.add(t, got))
	}
	if o.page == "" {
		return nil
	}
	return record.Write(o.page, "peers", p.String())
}

// once measures a row unless the log has it.
func once(ctx context.Context, log *record.Log, t table, r row, f field) (one outcome, err error) {
	key := fmt.Sprintf("%s/%s: %d x %v of %s", t.name, r.name, t.pairs, r.Length, f.sum)
	for _, c := range f.contenders {
		key += " " + c.Name
	}
	if found, err := log.Load(key, &one); found || err != nil {
		return one, err
	}
	began := time.Now()
	if one, err = t.compare(ctx, r, f); err != nil {
		return one, err
	}
	fmt.Fprintf(os.Stderr, "%s/%s: %v\n", t.name, r.name, time.Since(began).Round(time.Second))
	return one, log.Save(key, one)
}

// compare runs the contenders in turn. Whoever fails is left out from then on; the others go on.
func (t table) compare(ctx context.Context, r row, f field) (one outcome, err error) {
	one = outcome{Runs: make(map[string][]figures), Failed: make(map[string]string)}
	servers := make([]measure.Server, 0, len(f.contenders)+1)
	for _, c := range f.contenders {
		servers = append(servers, c.Server)
	}
	if r.Kind == "" {
		one.Runs[f.empty.Name] = make([]figures, t.pairs)
		for i := range t.pairs {
			if one.Runs[f.empty.Name][i], err = t.emptiness(ctx, f.empty, r.Length); err != nil {
				return one, err
			}
		}
	}
	for i := range t.pairs {
		for j := range servers {
			s := servers[(i+j)%len(servers)]
			if _, failed := one.Failed[s.Name]; failed {
				continue
			}
			got, err := t.measure(ctx, s, r)
			if ctx.Err() != nil {
				return one, ctx.Err()
			}
			if err != nil {
				one.Failed[s.Name] = err.Error()
				delete(one.Runs, s.Name)
				continue
			}
			one.Runs[s.Name] = append(one.Runs[s.Name], got)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(one.Failed)) {
		fmt.Fprintf(os.Stderr, "%s/%s: %s: %s\n", t.name, r.name, name, one.Failed[name])
	}
	return one, nil
}

// emptiness is what is resident of a Go program that serves nobody.
func (t table) emptiness(ctx context.Context, s measure.Server, length time.Duration) (f figures, err error) {
	s.CPUs = t.cpus
	c, _, err := s.Start(ctx)
	if err != nil {
		return f, err
	}
	defer measure.Stop(c)
	time.Sleep(min(settling, length))
	f.Empty, err = measure.Resident(c.Process.Pid)
	return f, err
}

// estimate is how long the tables take: to each run about a tenth of a second is added for starting and stopping, and to one with
// many connections what it takes to open them.
func estimate(all []table, contenders int) time.Duration {
	var sum time.Duration
	for _, t := range all {
		for _, r := range t.rows {
			one := r.Warm + r.Length + 100*time.Millisecond + time.Duration(r.Conns)*50*time.Microsecond
			if r.Kind == "" {
				one = 3*settling + 100*time.Millisecond + time.Duration(r.Conns)*150*time.Microsecond
			}
			sum += time.Duration(t.pairs*contenders) * one
		}
	}
	return sum.Round(time.Second)
}
