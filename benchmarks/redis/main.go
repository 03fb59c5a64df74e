//go:build linux

// Command redis compares leat tcp --app kv with redis-server by the processor time that a request costs each, and ways of leat to
// sync its journal by the writes a second.
//
// All run in turn on one processor, each time in a new process, in an order that moves on by one each round; the client has the
// other. A row is kept as soon as it is finished: after an interruption, or to measure a few rows at a time, -resume goes on where
// the same program was measured with the same settings.
//
//	go run ./redis -page ../docs/results.md                 all of it, and its part of the page
//	go run ./redis -client 'leat load' -rows 'get c50 P16'  a part of it, on the terminal only
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/leat-io/leat/benchmarks/kvclient"
	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/rounds"
)

type options struct {
	rounds.Options
	requests int
	client   kvclient.Client
	output   record.Output
}

func main() {
	measure.Main("redis", parse, run)
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("redis", flag.ExitOnError)
	o.Flags(f, 20, "'get c50 P16$'")
	f.IntVar(&o.requests, "requests", 200_000, "requests of a run; eight times as many with sixteen in flight on a connection")
	o.client.Flag(f)
	o.output.Flags(f)
	if err := o.Parse(f, args); err != nil {
		return o, err
	}
	if o.requests < 1000 {
		return o, fmt.Errorf("at least 1000 requests; have %q", args)
	}
	return o, nil
}

func run(ctx context.Context, o options, out io.Writer) error {
	needed := []string{"redis-server"}
	if !o.client.Own {
		needed = append(needed, o.client.Name)
	}
	for _, program := range needed {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("there is no %s (Debian: redis)", program)
		}
	}
	leat, remove, err := measure.Leat(ctx)
	if err != nil {
		return err
	}
	defer remove()
	sum, err := record.Fingerprint(leat)
	if err != nil {
		return err
	}
	log, err := o.output.Open()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()       // each row is on the disk when Save returns
	dir, err := os.MkdirTemp(".", "journal") // not in memory, as /tmp may be
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var p rounds.Page[figures]
	more := fmt.Sprintf(" The server has processor %d, %s processor %d; values have %d bytes, keys are %d. %s.\n", measure.ServerCPU, o.client.Name, measure.ClientCPU,
		kvclient.Value, kvclient.Keys, measure.Version("redis-server", "--version"))
	fmt.Fprint(out, p.Head("A key-value server", record.Invocation("redis"), o.Rounds, more))
	settings := fmt.Sprintf("%d of %s by %s", o.requests, o.client.Name, sum)
	if err := rounds.All(ctx, log, settings, o.Rounds, bench{leat, o.client}.rows(ctx, o, filepath.Join(dir, "journal")), &p, out); err != nil {
		return err
	}
	return o.output.Write("redis", p.String())
}
