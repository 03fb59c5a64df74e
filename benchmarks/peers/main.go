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
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/leat-io/leat/benchmarks/drive"
	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
)

type options struct {
	pairs  int
	length time.Duration
	conns  int
	rate   float64
	rivals []rival
	rows   *regexp.Regexp
	output record.Output
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == drive.Command {
		measure.Fail("peers", drive.Main(os.Args[2], os.Stdout))
		return
	}
	measure.Main("peers", parse, run)
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
	o.output.Flags(f)
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 || o.length <= 0 || o.conns < 1 || o.rate <= 0 || o.pairs < 0 {
		return o, fmt.Errorf("no arguments besides flags, and positive ones; have %q", args)
	}
	if o.rows, err = regexp.Compile(*rows); err != nil {
		return o, err
	}
	o.rivals, err = measure.Choose(rivals, func(r rival) string { return r.name }, "rival", *chosen)
	return o, err
}
