//go:build linux

// Command proxy compares leat proxy --mode redis with twemproxy: requests a second, and the processor time that one costs.
//
// The proxy has processor 0. A real redis-server without persistence and the client, redis-benchmark or leat load, share
// processor 1; the direct way between them is a reference. All candidates run in turn, each in a new process, in an order that moves on by one each
// round. A candidate must answer eight clients correctly before it is timed. A row is kept as soon as it is finished: after an
// interruption, or to measure a few rows at a time, -resume goes on where the same programs were compared with the same settings.
//
//	go run ./proxy -page ../docs/results.md               all of it, and its part of the page
//	go run ./proxy -rows 'proxy/get c50 P1' -resume       a part of it, on the terminal only
//	go run ./proxy -candidates twemproxy,direct           without leat, which is not built then
package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/leat-io/leat/benchmarks/kvclient"
	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/rounds"
)

type options struct {
	rounds.Options
	requests int
	only     []candidate
	client   kvclient.Client
	output   record.Output
}

func main() {
	measure.Main("proxy", parse, run)
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("proxy", flag.ExitOnError)
	o.Flags(f, 5, "'proxy/get c50 P1$'")
	f.IntVar(&o.requests, "requests", 60_000, "requests of a run; twelve times as many with sixteen in flight on a connection")
	names := f.String("candidates", "", "who competes, separated by commas; all when empty")
	o.client.Flag(f)
	o.output.Flags(f)
	if err := o.Parse(f, args); err != nil {
		return o, err
	}
	if o.requests < 1000 {
		return o, fmt.Errorf("at least 1000 requests; have %q", args)
	}
	o.only, err = measure.Choose(candidates, func(c candidate) string { return c.name }, "candidate", *names)
	return o, err
}

func run(ctx context.Context, o options, out io.Writer) error {
	all := tables(o)
	p, remove, err := prepare(ctx, all, o.client)
	if err != nil {
		return err
	}
	defer remove()
	server, addr, err := redis().Start(ctx)
	if err != nil {
		return err
	}
	defer measure.Stop(server)
	b := backend{addr, server.Process.Pid}
	log, err := o.output.Open()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // each row is on the disk when Save returns
	text := head(o, all)
	fmt.Fprint(out, text)
	for _, t := range all {
		for _, c := range t.candidates {
			if err := c.verify(ctx, p, b); err != nil {
				return err
			}
		}
		var got []outcome
		for _, r := range t.rows {
			one, err := t.once(ctx, log, p, b, r, o)
			if err != nil {
				return err
			}
			got = append(got, one)
		}
		part := t.text(got)
		fmt.Fprint(out, part)
		text += part
	}
	return o.output.Write("proxy", text)
}
