//go:build linux

// Command edge compares what stands at the edge of a network: connections that are proxied, and TLS that is terminated.
//
// In the first tables a proxy with one thread has processor 0, and the client shares processor 1 with the backend, an echo server
// in C or, for streams, one that sends pages which nobody copies. In the others a TLS server has processor 0. All candidates run in
// turn, each in a new process, in an order that moves on by one each round, and must pass on, or echo, correctly before they are
// timed. A row is kept as soon as it is finished: after an interruption, or to measure a few rows at a time, -resume goes on where
// the same programs were compared with the same settings.
//
//	go run ./edge -page ../docs/results.md                   all of it, and its part of the page
//	go run ./edge -rows 'requests/64' -resume                a part of it, on the terminal only
//	go run ./edge -candidates haproxy,nginx -rows requests   without leat, which is not built then
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/leat-io/leat/benchmarks/drive"
	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/rounds"
)

type options struct {
	rounds.Options
	length time.Duration
	conns  int
	rate   float64
	only   []candidate
	output record.Output
}

func main() {
	if again(os.Args[1:]) {
		return
	}
	measure.Main("edge", parse, run)
}

// sourceCommand is the word before an address in the arguments of the process that is a backend of streams.
const sourceCommand = "source"

// again says whether the program was started by itself to be the client or a backend, which it then has been.
func again(args []string) bool {
	if len(args) != 2 {
		return false
	}
	switch args[0] {
	case drive.Command:
		measure.Fail("edge", drive.Main(args[1], os.Stdout))
	case sourceCommand:
		measure.Fail("edge", drive.Source(args[1]))
	default:
		return false
	}
	return true
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("edge", flag.ExitOnError)
	o.Flags(f, 10, "'requests/64'")
	f.DurationVar(&o.length, "length", time.Second, "time of each run")
	f.IntVar(&o.conns, "conns", 9500, "connections of the row that holds many")
	f.Float64Var(&o.rate, "rate", 20_000, "messages a second of the open loop: about half of what haproxy carries in the closed one")
	names := f.String("candidates", "", "who competes, separated by commas; all when empty")
	o.output.Flags(f)
	if err := o.Parse(f, args); err != nil {
		return o, err
	}
	if o.length <= 0 || o.conns < 1 || o.rate <= 0 {
		return o, fmt.Errorf("flags must be positive; have %q", args)
	}
	o.only, err = measure.Choose(candidates, func(c candidate) string { return c.name }, "candidate", *names)
	return o, err
}
