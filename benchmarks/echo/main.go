//go:build linux

// Command echo compares leat tcp --codec raw --app echo with the usual echo server on package net, a goroutine for each
// connection, by the throughput that each has per second of processor time.
//
// The servers run in turn, each in a process of its own with GOMAXPROCS=1 on one processor; the client, one epoll loop,
// has another. A row is a geometric mean of ratios of neighbouring runs with its 95 % interval (Student's t). The servers'
// share of their processor is shown: below 93 % the client was the bottleneck, and the row says little.
//
//	go run ./echo                 the table, 20 pairs for each row
//	go run ./echo -rss            resident memory with 10 000 connections
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
)

const message = 64 // bytes

type options struct {
	pairs  int
	length time.Duration
	rss    bool
	conns  int
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "serve-net" {
		fail(serveNet(os.Args[2]))
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "drive" {
		fail(driveMain(os.Args[2:]))
		return
	}
	var o options
	flag.IntVar(&o.pairs, "pairs", 20, "alternated pairs for each row")
	flag.DurationVar(&o.length, "length", 2*time.Second, "time of each run")
	flag.BoolVar(&o.rss, "rss", false, "measure resident memory instead")
	flag.IntVar(&o.conns, "conns", 10_000, "connections of -rss")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fail(run(ctx, o))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	leat, remove, err := measure.Leat(ctx)
	if err != nil {
		return err
	}
	defer remove()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ours := server{measure.Server{Name: "leat", Command: func(addr string) []string {
		return []string{leat, "tcp", "--codec", "raw", "--app", "echo", "--listen", addr}
	}}}
	theirs := server{measure.Server{Name: "net", Command: func(addr string) []string { return []string{self, "serve-net", addr} }}}
	if o.rss {
		return rss(ctx, []server{ours, theirs}, o.conns)
	}
	return table(ctx, ours, theirs, o)
}

func table(ctx context.Context, ours, theirs server, o options) error {
	fmt.Printf("CPU µs per request (median), and requests per CPU second against package net: %d pairs of %v, %d-byte messages\n\n", o.pairs, o.length, message)
	fmt.Printf("%12s %6s %9s %9s %7s %17s %14s\n", "connections", "depth", "leat", "net", "ratio", "95 % interval", "busy leat/net")
	for _, row := range []struct{ conns, depth int }{{64, 1}, {64, 16}, {1000, 1}, {1000, 16}} {
		var a, b []measured
		var ratios []float64
		for range o.pairs {
			x, err := ours.measure(ctx, row.conns, row.depth, o.length)
			if err != nil {
				return err
			}
			y, err := theirs.measure(ctx, row.conns, row.depth, o.length)
			if err != nil {
				return err
			}
			a, b, ratios = append(a, x), append(b, y), append(ratios, y.perRequest()/x.perRequest())
		}
		mean, low, high := measure.Interval(ratios)
		fmt.Printf("%12d %6d %9.3f %9.3f %7.3f %8.3f – %6.3f %8.0f %% /%3.0f %%\n", row.conns, row.depth,
			measure.Median(a, measured.perRequest), measure.Median(b, measured.perRequest), mean, low, high,
			100*measure.Median(a, measured.busy), 100*measure.Median(b, measured.busy))
	}
	return nil
}

func rss(ctx context.Context, servers []server, conns int) error {
	fmt.Printf("resident memory, MB, with %d connections\n\n%8s %8s %8s %22s\n", conns, "", "empty", "idle", "after a request each")
	for _, s := range servers {
		empty, idle, after, err := s.memory(ctx, conns)
		if err != nil {
			return err
		}
		fmt.Printf("%8s %8.1f %8.1f %22.1f\n", s.Name, empty, idle, after)
	}
	return nil
}
