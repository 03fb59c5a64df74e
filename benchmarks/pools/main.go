//go:build linux

// Command pools compares leat's pool of connections with a channel of them and with other people's pools: what it costs to take a
// connection and give it back, what an idle connection holds of the memory, how long one waits for a connection to a backend that
// is far, and how well a few connections are used.
//
// All pools are measured in turn, in an order that moves on by one each round. Their connections lead nowhere. A row is kept as soon
// as it is finished: after an interruption, -resume goes on where the same program measured with the same settings.
//
//	go run ./pools -page ../docs/results.md   all of it, and its part of the page
//	go run ./pools -rows '1 goroutine'        a part of it, on the terminal only
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/rounds"
)

type options struct {
	rounds.Options
	pairs  int
	length time.Duration
	output record.Output
}

func main() {
	measure.Main("pools", parse, run)
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("pools", flag.ExitOnError)
	o.Flags(f, 7, "1000")
	f.IntVar(&o.pairs, "pairs", 500_000, "how often a connection is taken and given back in a run")
	f.DurationVar(&o.length, "length", time.Second, "time of a run where it is not a number of times")
	o.output.Flags(f)
	if err := o.Parse(f, args); err != nil {
		return o, err
	}
	if o.pairs < 1 || o.length <= 0 {
		return o, fmt.Errorf("flags must be positive; have %q", args)
	}
	return o, nil
}

func run(ctx context.Context, o options, out io.Writer) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	sum, err := record.Fingerprint()
	if err != nil {
		return err
	}
	log, err := o.output.Open()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // each row is on the disk when Save returns
	var p rounds.Page[sample]
	command := record.Invocation("pools")
	fmt.Fprint(out, p.Head("Pools of connections", command, o.Rounds, " "+versions()))
	settings := fmt.Sprintf("%d pairs, %v by %s", o.pairs, o.length, sum)
	if err := rounds.All(ctx, log, settings, o.Rounds, rows(o), &p, out); err != nil {
		return err
	}
	return o.output.Write("pools", p.String())
}
