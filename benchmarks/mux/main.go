//go:build linux

// Command mux compares leat's multiplexed protocol with other people's: hashicorp's yamux, that of libp2p, smux, HTTP/2 and gRPC, and
// with a TCP connection for each stream.
//
// Each run is a process of its own, which has both ends of one connection and two processors: over loopback or, in the row far/packets,
// in two network namespaces that are apart, which needs root, the program ip and /dev/net/tun. All candidates control the flow of
// every stream, or of the session where they know no other, and every answer is compared with its request. They run in turn, in an
// order that moves on by one each round. A row is kept as soon as it is finished: after an interruption, -resume goes on where the
// same program measured with the same settings.
//
//	go run ./mux -page ../docs/results.md                        all of it, and its part of the page
//	go run ./mux -rows exchange/64 -candidates 'leat,smux v1'    a part of it, on the terminal only
package main

import (
	"context"
	"encoding/json"
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
	length  time.Duration
	rate    float64
	streams int
	only    []candidate
	output  record.Output
}

func main() {
	if again(os.Args[1:]) {
		return
	}
	measure.Main("mux", parse, run)
}

// runCommand is the word before a job in the arguments of the process that does it.
const runCommand = "run"

// again says whether the program was started by itself for a job or for a link, and has then done that.
func again(args []string) bool {
	if len(args) != 2 {
		return false
	}
	does, known := map[string]func(string) error{runCommand: oneJob, linkCommand: carry}[args[0]]
	if known {
		runtime.GOMAXPROCS(processors)
		measure.Fail("mux", does(args[1]))
	}
	return known
}

func oneJob(text string) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}
	got, err := j.run()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(got)
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("mux", flag.ExitOnError)
	o.Flags(f, 10, "exchange/64")
	f.DurationVar(&o.length, "length", time.Second, "time of each run; three times as long where exchanges have bulk beside them")
	f.Float64Var(&o.rate, "rate", 1000, "messages a second beside bulk")
	f.IntVar(&o.streams, "streams", 2000, "idle streams")
	names := f.String("candidates", "", "who competes, separated by commas; all when empty")
	o.output.Flags(f)
	if err := o.Parse(f, args); err != nil {
		return o, err
	}
	if o.length <= 0 || o.rate <= 0 || o.streams < 1 || o.streams >= backlog {
		return o, fmt.Errorf("flags must be positive, and streams fewer than %d; have %q", backlog, args)
	}
	o.only, err = measure.Choose(candidates, func(c candidate) string { return c.name }, "candidate", *names)
	return o, err
}

func run(ctx context.Context, o options, out io.Writer) error {
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
	more := fmt.Sprintf(" Runs of %v; both ends of a connection in one process on two processors. Windows of streams are %d MiB where nothing else is said.\n%s", o.length, nearWindow>>20, setups(o.only))
	fmt.Fprint(out, p.Head("Many streams over one connection", record.Invocation("mux"), o.Rounds, more))
	settings := fmt.Sprintf("%v, %g messages a second, %d idle streams by %s", o.length, o.rate, o.streams, sum)
	if err := rounds.All(ctx, log, settings, o.Rounds, rows(ctx, o), &p, out); err != nil {
		return err
	}
	return o.output.Write("mux", p.String())
}
