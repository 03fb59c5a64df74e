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
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"syscall"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
)

type options struct {
	rounds int
	items  uint64
	pings  int
	length time.Duration
	rows   *regexp.Regexp
	record string
	resume bool
	page   string
}

func main() {
	o, err := parse(os.Args[1:])
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = run(ctx, o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "queues:", err)
		os.Exit(1)
	}
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("queues", flag.ExitOnError)
	f.IntVar(&o.rounds, "rounds", 7, "rounds for each row")
	f.Uint64Var(&o.items, "items", 4_000_000, "items of a run; an eighth of them where they go one at a time")
	f.IntVar(&o.pings, "pings", 500, "wakes of a run")
	f.DurationVar(&o.length, "length", 2*time.Second, "time for which an idle consumer is watched; an echo beside some takes a quarter of it")
	rows := f.String("rows", "", "rows to measure, a regular expression such as 1:1.*32; all when empty")
	f.StringVar(&o.record, "record", "results/queues.jsonl", "file that keeps rows")
	f.BoolVar(&o.resume, "resume", false, "keep the rows that the record has of the same program and settings")
	f.StringVar(&o.page, "page", "", "page to write the tables into, besides showing them")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 || o.rounds < 1 || o.items < 8 || o.pings < 1 || o.length <= 0 {
		return o, fmt.Errorf("no arguments besides flags, and positive ones; have %q", args)
	}
	o.rows, err = regexp.Compile(*rows)
	return o, err
}

func run(ctx context.Context, o options, out io.Writer) error {
	runtime.GOMAXPROCS(2)
	sum, err := fingerprint()
	if err != nil {
		return err
	}
	log, err := record.Open(o.record, o.resume)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // each row is on the disk when Save returns
	all := rows(o)
	fmt.Fprintf(os.Stderr, "%d rows; about %v to measure\n", len(all), estimate(all, o))
	p := page{machine: measure.Machine(), command: record.Command(append([]string{"go", "run", "./queues"}, os.Args[1:]...)...), rounds: o.rounds}
	fmt.Fprintln(out, p.head())
	for _, r := range all {
		got := make(outcome)
		key := fmt.Sprintf("%s: %d of %d items, %d pings, %v by %s", r.name, o.rounds, o.items, o.pings, o.length, sum)
		found, err := log.Load(key, &got)
		if err != nil {
			return err
		}
		if !found {
			began := time.Now()
			if got, err = r.compare(ctx, o.rounds); err != nil {
				return err
			}
			if err := log.Save(key, got); err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "%s: %v\n", r.name, time.Since(began).Round(time.Second))
		}
		fmt.Fprint(out, p.add(r, got))
	}
	if o.page == "" {
		return nil
	}
	return record.Write(o.page, "queues", p.String())
}

// fingerprint tells programs apart.
func fingerprint() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return fmt.Sprintf("%x", sum.Sum(nil)[:8]), err
}
