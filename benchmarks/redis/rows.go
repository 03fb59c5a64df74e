//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/leat-io/leat/benchmarks/kvclient"
	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/rounds"
)

// figures are what one run gave.
type figures struct {
	Rate float64 // requests a second
	Cost float64 // processor time of the server for each, µs
	Busy float64 // of its processor
}

type column = rounds.Column[figures]

var (
	rate = column{Head: "each second", Of: func(f figures) float64 { return f.Rate }, Verb: "%.0f"}
	cost = column{Head: "CPU µs each", Of: func(f figures) float64 { return f.Cost }, Verb: "%.3f"}
	busy = column{Head: "busy", Of: func(f figures) float64 { return 100 * f.Busy }, Verb: "%.0f %%"}
)

var (
	commands = &rounds.Table[figures]{
		Title: "The processor time of a request",
		Note: "Rows are the command, c connections, P requests in flight on each. Ratios are of the processor time: below 1 is cheaper. Where a server was less than 93 % busy the " +
			"client was the limit, and nothing is said of the most that it could do.",
		Columns: []column{rate, cost, busy}, Better: cost.Of, Reference: "redis-server",
	}
	syncing = &rounds.Table[figures]{
		Title:   "Writes that are on the disk before they are answered",
		Note:    "A sync of the journal for as many commands as are there, and for each. Ratios are of the time that a write takes: below 1 is faster.",
		Columns: []column{rate, cost, busy}, Better: func(f figures) float64 { return 1 / f.Rate }, Reference: "a sync for each",
	}
)

// deeper is how many times as many requests a run has where sixteen are in flight on a connection.
const deeper = 8

// A bench runs servers and lets a client drive them.
type bench struct {
	leat   string // the program
	client kvclient.Client
}

// rows are all measurements, as o wants them. journal is a file that there is not.
func (b bench) rows(ctx context.Context, o options, journal string) (chosen []rounds.Row[figures]) {
	add := func(name string, t *rounds.Table[figures], entries ...rounds.Entry[figures]) {
		if o.Rows.MatchString(name) {
			chosen = append(chosen, rounds.Row[figures]{Name: name, Table: t, Entries: entries})
		}
	}
	for _, command := range []string{"get", "set"} {
		for _, l := range []kvclient.Load{{Conns: 50, Depth: 1, Requests: o.requests}, {Conns: 50, Depth: 16, Requests: deeper * o.requests}} {
			l.Command = command
			add(fmt.Sprintf("%s c%d P%d", command, l.Conns, l.Depth), commands,
				b.entry(ctx, b.kv("leat"), l), b.entry(ctx, b.kv("leat, 2 workers", "--workers", "2"), l), b.entry(ctx, measure.Redis(), l))
		}
	}
	many := kvclient.Load{Command: "set", Conns: 64, Depth: 1, Requests: o.requests / 4}
	few := many
	few.Requests = o.requests / 100
	add("synced set c64 P1", syncing,
		b.synced(ctx, journal, b.kv("many to a sync", "--journal", journal), many),
		b.synced(ctx, journal, b.kv("a sync for each", "--journal", journal, "--batch", "1"), few))
	return chosen
}

// kv is leat as a key-value server.
func (b bench) kv(name string, args ...string) measure.Server {
	return measure.Server{Name: name, Command: func(addr string) []string {
		return append([]string{b.leat, "tcp", "--app", "kv", "--metrics-every", "0", "--listen", addr}, args...)
	}}
}

func (b bench) entry(ctx context.Context, s measure.Server, l kvclient.Load) rounds.Entry[figures] {
	return rounds.Entry[figures]{Name: s.Name, Run: func() (figures, error) { return b.once(ctx, s, l) }}
}

// synced is entry for a server with a journal, which begins anew.
func (b bench) synced(ctx context.Context, journal string, s measure.Server, l kvclient.Load) rounds.Entry[figures] {
	return rounds.Entry[figures]{Name: s.Name, Run: func() (figures, error) {
		f, err := b.once(ctx, s, l)
		return f, errors.Join(err, os.Remove(journal))
	}}
}

// once starts a server and lets the client drive it.
func (b bench) once(ctx context.Context, s measure.Server, l kvclient.Load) (f figures, err error) {
	c, addr, err := s.Start(ctx)
	if err != nil {
		return f, err
	}
	defer measure.Stop(c)
	fill := kvclient.Fill
	fill.Requests = min(fill.Requests, 10*l.Requests) // where each is synced there are few
	if _, err := b.client.Drive(ctx, b.leat, addr, fill); err != nil {
		return f, err
	}
	got, shares, err := b.client.Watch(ctx, b.leat, addr, l, c.Process.Pid)
	if err != nil {
		return f, err
	}
	return figures{Rate: got.Rate, Cost: 1e6 * shares[0] / got.Rate, Busy: shares[0]}, nil
}
