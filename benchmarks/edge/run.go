//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/leat-io/leat/benchmarks/drive"
	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/rounds"
)

// An outcome is a row that has been measured.
type outcome = rounds.Trial[figures]

func run(ctx context.Context, o options, out io.Writer) error {
	p, remove, err := prepare(ctx, o.only)
	if err != nil {
		return err
	}
	defer remove()
	log, err := o.output.Open()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // each row is on the disk when Save returns
	text := head(o)
	fmt.Fprint(out, text)
	verified := make(map[string]bool)
	for _, t := range tables(o) {
		for _, c := range t.candidates {
			setting := fmt.Sprint(c.name, t.secure, t.streams)
			if verified[setting] {
				continue
			}
			if err := t.verify(ctx, p, c); err != nil {
				return err
			}
			verified[setting] = true
		}
		var got []outcome
		for _, r := range t.rows {
			one, err := t.once(ctx, log, p, r, o)
			if err != nil {
				return err
			}
			got = append(got, one)
		}
		part := t.text(got)
		fmt.Fprint(out, part)
		text += part
	}
	return o.output.Write("edge", text)
}

// once measures a row unless the log has it.
func (t table) once(ctx context.Context, log *record.Log, p programs, r row, o options) (one outcome, err error) {
	key := fmt.Sprintf("%s/%s: %d x %v by %s", t.name, r.name, o.Rounds, r.Length, p.sum)
	for _, c := range t.among(r) {
		key += ", " + c.name
	}
	return record.Once(log, t.name+"/"+r.name, key, func() (outcome, error) { return t.compare(ctx, p, r, o) })
}

// compare runs the candidates in turn.
func (t table) compare(ctx context.Context, p programs, r row, o options) (one outcome, err error) {
	turn := rounds.Row[figures]{Name: t.name + "/" + r.name}
	for _, c := range t.among(r) {
		turn.Entries = append(turn.Entries, rounds.Entry[figures]{Name: c.name, Run: func() (figures, error) { return t.measure(ctx, p, c, r) }})
	}
	if one, err = turn.Try(ctx, o.Rounds); err == nil && len(one.Runs) == 0 {
		err = errors.New("all candidates failed")
	}
	return one, err
}

// measure starts a candidate, and what it needs, for one run.
func (t table) measure(ctx context.Context, p programs, c candidate, r row) (f figures, err error) {
	u, err := t.start(ctx, p, c, r)
	if err != nil {
		return f, err
	}
	defer u.stop()
	if r.Addr, err = netip.ParseAddrPort(u.addr); err != nil {
		return f, err
	}
	r.Server, r.Secret = u.pid, u.secret
	if r.Kind == "" {
		return held(ctx, r, u)
	}
	return loaded(ctx, r)
}

func held(ctx context.Context, r row, u service) (f figures, err error) {
	h, err := drive.Hold(ctx, u.pid, u.addr, u.dial, u.message, r.Conns, r.Length)
	return figures{Empty: h.Empty, Served: h.Served, Each: (h.Served - h.Empty) * 1e3 / float64(r.Conns), Descriptors: float64(h.Descriptors)}, err
}

func loaded(ctx context.Context, r row) (f figures, err error) {
	res, err := drive.Run(ctx, r.Load, measure.ClientCPU)
	if err != nil {
		return f, err
	}
	if res.Done == 0 || res.ServerCPU == 0 {
		return f, errors.New("nothing was answered")
	}
	each, done := 1e6, float64(res.Done)
	if r.Kind == drive.Stream {
		each, done = 1, done/1e9
	}
	micro := func(ns int64) float64 { return float64(ns) / 1e3 }
	return figures{
		Rate: done / res.Elapsed.Seconds(), Cost: res.ServerCPU.Seconds() * each / done, Busy: res.ServerCPU.Seconds() / res.Elapsed.Seconds(),
		P50: micro(res.P50.Nanoseconds()), P99: micro(res.P99.Nanoseconds()), P999: micro(res.P999.Nanoseconds()),
	}, nil
}
