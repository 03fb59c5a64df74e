//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/leat-io/leat/benchmarks/drive"
	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/rounds"
)

// An outcome is a row that has been measured.
type outcome = rounds.Trial[figures]

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
	log, err := o.output.Open()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // each row is on the disk when Save returns
	all := tables(o)
	fmt.Fprintf(os.Stderr, "%d contenders echo; about %v to measure\n", len(field.contenders), estimate(all, field.contenders))
	p := page{field: field, machine: measure.Machine(), command: record.Invocation("peers"), length: o.length}
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
	return o.output.Write("peers", p.String())
}

// once measures a row unless the log has it.
func once(ctx context.Context, log *record.Log, t table, r row, f field) (one outcome, err error) {
	key := fmt.Sprintf("%s/%s: %d x %v of %s", t.name, r.name, t.pairs, r.Length, f.sum)
	for _, c := range t.among(f.contenders) {
		key += " " + c.Name
	}
	return record.Once(log, t.name+"/"+r.name, key, func() (outcome, error) { return t.compare(ctx, r, f) })
}

// compare runs the contenders in turn, and beside them an empty program where memory is measured.
func (t table) compare(ctx context.Context, r row, f field) (one outcome, err error) {
	var empty []figures
	if r.Kind == "" {
		empty = make([]figures, t.pairs)
		for i := range t.pairs {
			if empty[i], err = t.emptiness(ctx, f.empty, r.Length); err != nil {
				return one, err
			}
		}
	}
	turn := rounds.Row[figures]{Name: t.name + "/" + r.name}
	for _, c := range t.among(f.contenders) {
		turn.Entries = append(turn.Entries, rounds.Entry[figures]{Name: c.Name, Run: func() (figures, error) { return t.measure(ctx, c.Server, r) }})
	}
	if one, err = turn.Try(ctx, t.pairs); err == nil && empty != nil {
		one.Runs[f.empty.Name] = empty
	}
	return one, err
}

// emptiness is what is resident of a Go program that serves nobody.
func (t table) emptiness(ctx context.Context, s measure.Server, length time.Duration) (f figures, err error) {
	s.CPUs = t.cpus
	c, _, err := s.Start(ctx)
	if err != nil {
		return f, err
	}
	defer measure.Stop(c)
	time.Sleep(min(drive.Settling, length))
	f.Empty, err = measure.Resident(c.Process.Pid)
	return f, err
}

// estimate is how long the tables take: to each run about a tenth of a second is added for starting and stopping, and to one with
// many connections what it takes to open them.
func estimate(all []table, contenders []contender) time.Duration {
	var sum time.Duration
	for _, t := range all {
		for _, r := range t.rows {
			one := r.Warm + r.Length + 100*time.Millisecond + time.Duration(r.Conns)*50*time.Microsecond
			if r.Kind == "" {
				one = 3*drive.Settling + 100*time.Millisecond + time.Duration(r.Conns)*150*time.Microsecond
			}
			sum += time.Duration(t.pairs*len(t.among(contenders))) * one
		}
	}
	return sum.Round(time.Second)
}
