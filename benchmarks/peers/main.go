//go:build linux

// Command peers compares a TCP echo of 64-byte messages by leat with those of other people's software: package net, gnet, netpoll,
// nbio, evio, and a bare epoll loop in C, which is about what the kernel costs.
//
// Each server is a process of its own in its best configuration (see the folder rival), and must echo correctly before it is
// timed. All of them run in turn, in an order that moves on by one each round; the ratios are those of neighbouring runs, with their
// 95 % interval (Student's t on the logarithms). A row is kept as soon as it is finished: after an interruption, -resume goes
// on where the same programs were compared with the same settings.
//
//	go run ./peers -page ../docs/results.md           all of it, and its part of the page
//	go run ./peers -rows closed/64 -rivals leat,gnet  a part of it, on the terminal only
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/leat-io/leat/benchmarks/drive"
)

type options struct {
	pairs  int
	length time.Duration
	conns  int
	rate   float64
	rivals []rival
	rows   *regexp.Regexp
	record string
	resume bool
	page   string
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == drive.Command {
		fail(drive.Main(os.Args[2], os.Stdout))
		return
	}
	o, err := parse(os.Args[1:])
	fail(err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fail(run(ctx, o, os.Stdout))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func parse(args []string) (o options, err error) {
	names := make([]string, len(rivals))
	for i, r := range rivals {
		names[i] = r.name
	}
	f := flag.NewFlagSet("peers", flag.ExitOnError)
	f.IntVar(&o.pairs, "pairs", 0, "rounds for each row; 0 for each table's own: 20, or 10 where little depends on it")
	f.DurationVar(&o.length, "length", time.Second, "time of each run")
	f.IntVar(&o.conns, "conns", 10_000, "connections of the rows with many")
	f.Float64Var(&o.rate, "rate", 50_000, "messages a second of the open loop")
	chosen := f.String("rivals", strings.Join(names, ","), "who competes")
	rows := f.String("rows", "", "rows to measure, a regular expression of table/row such as closed/64x; all when empty")
	f.StringVar(&o.record, "record", "results/peers.jsonl", "file that keeps rows")
	f.BoolVar(&o.resume, "resume", false, "keep the rows that the record has of the same programs and settings")
	f.StringVar(&o.page, "page", "", "page to write the tables into, besides showing them")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 || o.length <= 0 || o.conns < 1 || o.rate <= 0 || o.pairs < 0 {
		return o, fmt.Errorf("no arguments besides flags, and positive ones; have %q", args)
	}
	if o.rows, err = regexp.Compile(*rows); err != nil {
		return o, err
	}
	o.rivals, err = choose(*chosen)
	return o, err
}

// choose keeps the order of rivals.
func choose(names string) (chosen []rival, err error) {
	wanted := make(map[string]bool)
	for name := range strings.SplitSeq(names, ",") {
		wanted[strings.TrimSpace(name)] = true
	}
	for _, r := range rivals {
		if wanted[r.name] {
			chosen = append(chosen, r)
			delete(wanted, r.name)
		}
	}
	for name := range wanted {
		return nil, fmt.Errorf("there is no rival %q", name)
	}
	return chosen, nil
}
