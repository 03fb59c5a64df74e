//go:build linux

// Command queues compares the queues between leat's lanes with a Go channel and with other people's queues: what carrying an item
// costs, how long a consumer takes to wake, what a waiting one costs, and what it does to a TCP echo beside it.
//
// Every queue holds 1024 items, and all of them are measured in turn, in an order that moves on by one each round. Each
// is used in the way that it is meant for, and every run counts that all items came. A row is kept as soon as it is finished: after
// an interruption, -resume goes on where the same program measured with the same settings.
//
//	go run ./queues -page ../docs/results.md   all of it, and its part of the page
//	go run ./queues -rows 4:1                  a part of it, on the terminal only
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/rounds"
)

type options struct {
	rounds.Options
	items  uint64
	pings  int
	length time.Duration
	output record.Output
}

func main() {
	measure.Main("queues", parse, run)
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("queues", flag.ExitOnError)
	o.Flags(f, 7, "1:1.*32")
	f.Uint64Var(&o.items, "items", 4_000_000, "items of a run; an eighth of them where they go one at a time")
	f.IntVar(&o.pings, "pings", 500, "wakes of a run")
	f.DurationVar(&o.length, "length", 2*time.Second, "time for which an idle consumer is watched; an echo beside some takes a quarter of it")
	o.output.Flags(f)
	if err := o.Parse(f, args); err != nil {
		return o, err
	}
	if o.items < 8 || o.pings < 1 || o.length <= 0 {
		return o, fmt.Errorf("at least 8 items, a ping and some time; have %q", args)
	}
	return o, nil
}

func run(ctx context.Context, o options, out io.Writer) error {
	runtime.GOMAXPROCS(2)
	sum, err := record.Fingerprint()
	if err != nil {
		return err
	}
	log, err := o.output.Open()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // each row is on the disk when Save returns
	all := rows(o)
	fmt.Fprintf(os.Stderr, "%d rows; about %v to measure\n", len(all), estimate(all, o))
	var p rounds.Page[sample]
	fmt.Fprint(out, p.Head("Queues between goroutines", record.Invocation("queues"), o.Rounds, ""))
	settings := fmt.Sprintf("%d items, %d pings, %v by %s", o.items, o.pings, o.length, sum)
	var compared []rounds.Row[sample]
	for _, r := range all {
		compared = append(compared, r.Row)
	}
	if err := rounds.All(ctx, log, settings, o.Rounds, compared, &p, out); err != nil {
		return err
	}
	return o.output.Write("queues", p.String())
}
