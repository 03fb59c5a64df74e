//go:build linux

// Command udp compares what receiving datagrams costs leat, and what sending them back does, with other people's software:
// package net, golang.org/x/net, gnet, and a loop on recvmmsg in C, which is about what the kernel costs.
//
// Each receiver is a process of its own on processor 0, the sender one on processor 1. All of them run in turn, in an order that
// moves on by one each round; ratios are those of runs of one round, with their 95 % interval. Senders that send each datagram
// by itself and those that send trains are in separate tables: a train costs its sender little more than one datagram, so the
// figures cannot be compared.
//
//	go run ./udp                                                 all of it, on the terminal
//	go run ./udp -rows 'plain/300' -receivers leat-mmsg,leat-std  a part of it
//	go run ./udp -page ../docs/results.md                        and its part of the page
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
)

type options struct {
	pairs     int
	length    time.Duration
	flows     int
	rows      *regexp.Regexp
	receivers []string
	page      string
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == sendCommand {
		measure.Fail("udp", sending(os.Args[2], os.Stdout))
		return
	}
	measure.Main("udp", parse, run)
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("udp", flag.ExitOnError)
	f.IntVar(&o.pairs, "pairs", 5, "rounds for each row")
	f.DurationVar(&o.length, "length", time.Second, "time of each run")
	f.IntVar(&o.flows, "flows", 16, "ports that are sent from")
	rows := f.String("rows", "", "rows to measure, a regular expression of table/row such as plain/300; all when empty")
	names := f.String("receivers", "", "who competes, of those that a table has; all when empty")
	f.StringVar(&o.page, "page", "", "page to write the tables into, besides showing them")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.rows, err = regexp.Compile(*rows); err != nil {
		return o, err
	}
	for name := range strings.SplitSeq(*names, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if _, known := receivers[name]; !known {
			return o, fmt.Errorf("there is no receiver %q", name)
		}
		o.receivers = append(o.receivers, name)
	}
	if f.NArg() > 0 || o.pairs < 1 || o.length <= 0 || o.flows < 1 {
		return o, errors.New("no arguments besides flags, and positive ones")
	}
	return o, nil
}

func run(ctx context.Context, o options, out io.Writer) error {
	dir, err := os.MkdirTemp("", "leat-udp")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	all := tables(o)
	var names []string
	for _, t := range all {
		names = append(names, t.receivers...)
	}
	slices.Sort(names)
	missing, err := build(ctx, dir, slices.Compact(names))
	if err != nil {
		return err
	}
	page := &strings.Builder{}
	fmt.Fprintf(page, "## Datagrams\n\n%s\n\n    %s\n", measure.Machine(), record.Invocation("udp"))
	if len(missing) > 0 {
		fmt.Fprintf(page, "\nMissing: %s.\n", strings.Join(missing, ", "))
	}
	for _, t := range all {
		t.receivers = slices.DeleteFunc(t.receivers, func(n string) bool { return len(missing) > 0 && receivers[n].folder == "c" })
		text, err := t.run(ctx, dir, o)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, text)
		page.WriteString("\n" + text)
	}
	if o.page == "" {
		return nil
	}
	return record.Write(o.page, "udp", page.String())
}
