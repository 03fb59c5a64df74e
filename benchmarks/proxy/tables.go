//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/leat-io/leat/benchmarks/kvclient"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/rounds"
)

// Names of tables.
const (
	proxies  = "proxy"
	settings = "twemproxy"
)

// A table is some candidates under some loads.
type table struct {
	name, title, note string
	reference         string // the candidate to which the others are compared
	candidates        []candidate
	rows              []row
}

// A row is one load.
type row struct {
	name string
	kvclient.Load
}

// An outcome is a row that has been measured.
type outcome = rounds.Trial[figures]

// deeper is how many times as many requests a run has where sixteen are in flight on a connection.
const deeper = 12

func tables(o options) (chosen []table) {
	var rows []row
	for _, command := range []string{"get", "set"} {
		for _, l := range []kvclient.Load{{Conns: 50, Depth: 1, Requests: o.requests}, {Conns: 500, Depth: 1, Requests: o.requests}, {Conns: 50, Depth: 16, Requests: deeper * o.requests}} {
			l.Command = command
			rows = append(rows, row{fmt.Sprintf("%s c%d P%d", command, l.Conns, l.Depth), l})
		}
	}
	for _, t := range []table{{
		name: proxies, title: "In front of one redis-server", reference: reference, rows: rows,
		note: "Rows are the command, c connections, P requests in flight on each. Ratios are to twemproxy: of requests a second, above 1 is faster; of processor " +
			"time, below 1 is cheaper.",
	}, {
		name: settings, title: "Settings of twemproxy", reference: "mbuf 16384", rows: rows[:3],
		note: "What is changed from mbuf-size 16384, server_connections 1, backlog 1024. With more connections to a server, a request may overtake the one before " +
			"it of the same client: a GET that is sent behind a SET of the same key without waiting gave the value before. That is no choice for a store.",
	}} {
		for _, c := range o.only {
			if c.table == t.name {
				t.candidates = append(t.candidates, c)
			}
		}
		t.rows = slices.DeleteFunc(slices.Clone(t.rows), func(r row) bool { return !o.Rows.MatchString(t.name + "/" + r.name) })
		if len(t.candidates) > 0 && len(t.rows) > 0 {
			chosen = append(chosen, t)
		}
	}
	return chosen
}

// once measures a row unless the log has it.
func (t table) once(ctx context.Context, log *record.Log, p programs, b backend, r row, o options) (one outcome, err error) {
	key := fmt.Sprintf("%s/%s: %d x %d of %s by %s", t.name, r.name, o.Rounds, r.Requests, o.client.Name, p.sum)
	for _, c := range t.candidates {
		key += ", " + c.name
	}
	return record.Once(log, t.name+"/"+r.name, key, func() (outcome, error) { return t.compare(ctx, p, b, r, o) })
}

// compare runs the candidates in turn.
func (t table) compare(ctx context.Context, p programs, b backend, r row, o options) (one outcome, err error) {
	turn := rounds.Row[figures]{Name: t.name + "/" + r.name}
	for _, c := range t.candidates {
		turn.Entries = append(turn.Entries, rounds.Entry[figures]{Name: c.name, Run: func() (figures, error) { return c.measure(ctx, p, b, o.client, r.Load) }})
	}
	if one, err = turn.Try(ctx, o.Rounds); err == nil && len(one.Runs) == 0 {
		err = errors.New("all candidates failed")
	}
	return one, err
}
