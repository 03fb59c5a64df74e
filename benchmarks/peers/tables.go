//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/leat-io/leat/benchmarks/drive"
	"github.com/leat-io/leat/benchmarks/measure"
)

// figures are what one run gave. Those that a table does not measure are 0.
type figures struct {
	Cost      float64 // processor time of the server for each request, or connection: µs
	Rate      float64 // requests, or connections, a second
	Server    float64 // processors that the server kept busy
	Client    float64 // and the client
	Mean, P99 float64 // latency, µs
	Empty     float64 // resident before there are connections, MB
	Idle      float64 // with connections
	Served    float64 // and after a request on each
}

// A table is one kind of measurement.
type table struct {
	name   string
	title  string
	note   string
	pairs  int
	cpus   []int // the server's
	client []int
	rows   []row
	better func(figures) float64 // of which ratios are taken; more is better. nil: no ratios
	trust  func(figures) bool    // nil: not in question
	column []column
	fused  bool // leat alone: what queues cost, against the same assembly without
}

// The tables that not everybody is in.
const (
	unpinned        = "unpinned"
	sharded         = "sharded"
	shardedUnpinned = "sharded-unpinned"
)

// reference is the contender to which a table that is fused refers its ratios.
const reference = "leat-framed"

// among keeps the contenders that run in t.
func (t table) among(all []contender) (some []contender) {
	for _, c := range all {
		if slices.Contains(c.only, t.name) || c.only == nil && !t.fused || t.fused && c.Name == reference {
			some = append(some, c)
		}
	}
	return some
}

// A row is one load, or with a load of no kind, memory.
type row struct {
	name string
	drive.Load
}

// A column shows a median.
type column struct {
	head string
	text func(figures) float64
	verb string
}

// saturated is the least share of a processor that says that it was the limit.
const saturated = .93

const warm = 300 * time.Millisecond

var (
	cost   = column{"CPU µs each", func(f figures) float64 { return f.Cost }, "%.3f"}
	rate   = column{"each second", func(f figures) float64 { return f.Rate }, "%.0f"}
	server = column{"server busy", func(f figures) float64 { return 100 * f.Server }, "%.0f %%"}
	client = column{"client busy", func(f figures) float64 { return 100 * f.Client }, "%.0f %%"}
	mean   = column{"mean, µs", func(f figures) float64 { return f.Mean }, "%.0f"}
	p99    = column{"p99, µs", func(f figures) float64 { return f.P99 }, "%.0f"}
	before = column{"before, MB", func(f figures) float64 { return f.Empty }, "%.1f"}
	idle   = column{"idle, MB", func(f figures) float64 { return f.Idle }, "%.1f"}
	served = column{"after a request each, MB", func(f figures) float64 { return f.Served }, "%.1f"}
)

func perCPU(f figures) float64 { return 1 / f.Cost }

// tables are all measurements, as o wants them.
func tables(o options) []table {
	var closed []row
	for _, l := range []drive.Load{{Conns: 64, Depth: 1}, {Conns: 64, Depth: 16}, {Conns: min(1000, o.conns), Depth: 1}, {Conns: min(1000, o.conns), Depth: 16}, {Conns: o.conns, Depth: 1}} {
		l.Kind = drive.Closed
		closed = append(closed, row{fmt.Sprintf("%dx%d", l.Conns, l.Depth), l})
	}
	all := []table{{
		name: "closed", title: "Closed loop, a core for each side",
		note: fmt.Sprintf("Rows are connections x messages in flight on each. The server has processor %d and GOMAXPROCS=1, the client processor %d. "+
			"Ratios are of requests for each second of the server's processor time: above 1, the server is cheaper.", measure.ServerCPU, measure.ClientCPU),
		pairs: 20, cpus: []int{measure.ServerCPU}, client: []int{measure.ClientCPU}, rows: closed, better: perCPU,
		trust:  func(f figures) bool { return f.Server >= saturated },
		column: []column{cost, rate, server},
	}, {
		name: unpinned, title: "Closed loop, both sides on both cores",
		note:  "The server has GOMAXPROCS=2 and, like the client's one thread, may use both processors. Ratios are of requests a second.",
		pairs: 10, cpus: []int{0, 1}, client: []int{0, 1}, rows: closed,
		better: func(f figures) float64 { return f.Rate },
		trust:  func(f figures) bool { return f.Server+f.Client >= 2*saturated },
		column: []column{rate, cost, server, client},
	}, {
		name: sharded, title: "Two lanes behind queues, a core for each side", fused: true,
		note: "The messages of each connection are shared out, one by one, to two lanes behind a queue.Ring each, and answered in order. " +
			"Ratios are as in the closed loop, but to the assembly without queues.",
		pairs: 20, cpus: []int{measure.ServerCPU}, client: []int{measure.ClientCPU}, rows: closed[:2], better: perCPU,
		trust:  func(f figures) bool { return f.Server >= saturated },
		column: []column{cost, rate, server},
	}, {
		name: shardedUnpinned, title: "Two lanes behind queues, both sides on both cores", fused: true,
		note:  "The same, with GOMAXPROCS=2. Ratios are of requests a second.",
		pairs: 10, cpus: []int{0, 1}, client: []int{0, 1}, rows: closed[:2],
		better: func(f figures) float64 { return f.Rate },
		column: []column{rate, cost, server, client},
	}, {
		name: "open", title: "Open loop, a core for each side",
		note: "Messages are sent when they are due, on the connections in turn, and their latency counts from then, which corrects for coordinated omission. " +
			"Ratios are as in the closed loop.",
		pairs: 10, cpus: []int{measure.ServerCPU}, client: []int{measure.ClientCPU}, better: perCPU,
		rows:   []row{{fmt.Sprintf("%.0f/s over %d", o.rate, o.conns), drive.Load{Kind: drive.Open, Conns: o.conns, Rate: o.rate}}},
		column: []column{mean, p99, cost, server},
	}, {
		name: "connect", title: "A connection for each request, a core for each side",
		note: "64 connections under way: open, one message and its answer, close by the client. Much of what a connection costs falls on the client's core, so " +
			"the server may have time left. Ratios are of connections for each second of the server's processor time.",
		pairs: 10, cpus: []int{measure.ServerCPU}, client: []int{measure.ClientCPU}, better: perCPU,
		rows:   []row{{"64", drive.Load{Kind: drive.Connect, Conns: 64}}},
		column: []column{cost, rate, server},
	}, {
		name: "memory", title: "Resident memory",
		note:  "Of the server's process, in MB of 10^6 bytes, on one processor.",
		pairs: 3, cpus: []int{measure.ServerCPU},
		rows:   []row{{fmt.Sprint(o.conns), drive.Load{Conns: o.conns}}},
		column: []column{before, idle, served},
	}}
	var chosen []table
	for _, t := range all {
		if o.pairs > 0 {
			t.pairs = o.pairs
		}
		rows := t.rows
		t.rows = nil
		for _, r := range rows {
			r.Warm, r.Length = min(warm, o.length), o.length
			if o.rows.MatchString(t.name + "/" + r.name) {
				t.rows = append(t.rows, r)
			}
		}
		if len(t.rows) > 0 {
			chosen = append(chosen, t)
		}
	}
	return chosen
}

// measure starts the server for one run.
func (t table) measure(ctx context.Context, s measure.Server, r row) (f figures, err error) {
	s.CPUs = t.cpus
	c, addr, err := s.Start(ctx)
	if err != nil {
		return f, err
	}
	defer measure.Stop(c)
	if r.Kind == "" {
		held, err := drive.Hold(ctx, c.Process.Pid, addr, drive.Dial, drive.Pattern(1), r.Conns, r.Length)
		return figures{Empty: held.Empty, Idle: held.Idle, Served: held.Served}, err
	}
	if r.Addr, err = netip.ParseAddrPort(addr); err != nil {
		return f, err
	}
	r.Server = c.Process.Pid
	res, err := drive.Run(ctx, r.Load, t.client...)
	if err != nil {
		return f, err
	}
	if res.Done == 0 || res.ServerCPU == 0 {
		return f, errors.New("nothing was answered")
	}
	return figures{
		Cost: float64(res.ServerCPU.Nanoseconds()) / 1e3 / float64(res.Done), Rate: float64(res.Done) / res.Elapsed.Seconds(),
		Server: res.ServerCPU.Seconds() / res.Elapsed.Seconds(), Client: res.ClientCPU.Seconds() / res.Elapsed.Seconds(),
		Mean: float64(res.Mean.Nanoseconds()) / 1e3, P99: float64(res.P99.Nanoseconds()) / 1e3,
	}, nil
}
