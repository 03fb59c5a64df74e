//go:build linux

// Command redis compares leat tcp --app kv with redis-server by the processor time that a request costs each. Both run in
// turn on one processor; redis-benchmark, with 50 connections, has the other. A row is a geometric mean of ratios of
// neighbouring runs with its 95 % interval (Student's t).
//
//	go run ./redis                GET and SET, one command at a time and sixteen, 20 pairs for each row
//	go run ./redis -journal       writes a second with one sync for many commands, and with one for each
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
)

type options struct {
	pairs    int
	requests int
	journal  bool
}

func main() {
	var o options
	flag.IntVar(&o.pairs, "pairs", 20, "alternated pairs for each row")
	flag.IntVar(&o.requests, "requests", 200_000, "requests of a run without pipelining; eight times as many with")
	flag.BoolVar(&o.journal, "journal", false, "compare ways of syncing a journal instead")
	flag.Parse()
	measure.Main("redis", func(ctx context.Context) error { return run(ctx, o) })
}

func run(ctx context.Context, o options) error {
	for _, program := range []string{"redis-server", "redis-benchmark"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("there is no %s (Debian: redis)", program)
		}
	}
	leat, remove, err := measure.Leat(ctx)
	if err != nil {
		return err
	}
	defer remove()
	if o.journal {
		return journal(ctx, leat, o)
	}
	return table(ctx, leat, o)
}

// kv is leat as a key-value server.
func kv(leat, name string, args ...string) measure.Server {
	return measure.Server{Name: name, Command: func(addr string) []string {
		return append([]string{leat, "tcp", "--app", "kv", "--metrics-every", "0", "--listen", addr}, args...)
	}}
}

// measured is one run.
type measured struct {
	requests int
	elapsed  time.Duration
	cpu      time.Duration
}

func (m measured) perRequest() float64 {
	return float64(m.cpu.Nanoseconds()) / 1e3 / float64(m.requests)
}
func (m measured) busy() float64 { return m.cpu.Seconds() / m.elapsed.Seconds() }
func (m measured) rate() float64 { return float64(m.requests) / m.elapsed.Seconds() }

func table(ctx context.Context, leat string, o options) error {
	fused, workers, redis := kv(leat, "leat"), kv(leat, "2 workers", "--workers", "2"), measure.Redis()
	fmt.Printf("server CPU µs per request (median) and the ratio of redis-server to leat, %d pairs, 50 connections\n\n", o.pairs)
	fmt.Printf("%6s %9s %9s %9s %7s %17s %16s %11s\n", "", "pipeline", "leat", "redis", "ratio", "95 % interval", "busy leat/redis", "2 workers")
	for _, row := range []struct {
		command  string
		pipeline int
	}{{"get", 1}, {"get", 16}, {"set", 1}, {"set", 16}} {
		n := o.requests
		if row.pipeline > 1 {
			n *= 8
		}
		var a, b, w []measured
		var ratios []float64
		for i := range o.pairs {
			x, err := bench(ctx, fused, row.command, row.pipeline, 50, n)
			if err != nil {
				return err
			}
			y, err := bench(ctx, redis, row.command, row.pipeline, 50, n)
			if err != nil {
				return err
			}
			a, b, ratios = append(a, x), append(b, y), append(ratios, y.perRequest()/x.perRequest())
			if i%4 == 0 { // beside, and not compared
				z, err := bench(ctx, workers, row.command, row.pipeline, 50, n)
				if err != nil {
					return err
				}
				w = append(w, z)
			}
		}
		mean, low, high := measure.Interval(ratios)
		fmt.Printf("%6s %9d %9.3f %9.3f %7.3f %8.3f – %6.3f %9.0f %% /%3.0f %% %11.3f\n", row.command, row.pipeline,
			measure.Median(a, measured.perRequest), measure.Median(b, measured.perRequest), mean, low, high,
			100*measure.Median(a, measured.busy), 100*measure.Median(b, measured.busy), measure.Median(w, measured.perRequest))
	}
	return nil
}

// bench runs one test of redis-benchmark against a fresh server whose keys are there.
func bench(ctx context.Context, s measure.Server, command string, pipeline, conns, requests int) (m measured, err error) {
	c, addr, err := s.Start(ctx)
	if err != nil {
		return m, err
	}
	defer measure.Stop(c)
	if _, err := drive(ctx, addr, "set", 16, conns, 10_000); err != nil {
		return m, err
	}
	before, err := measure.CPUTime(c.Process.Pid)
	if err != nil {
		return m, err
	}
	m.requests = requests
	if m.elapsed, err = drive(ctx, addr, command, pipeline, conns, requests); err != nil {
		return m, err
	}
	after, err := measure.CPUTime(c.Process.Pid)
	m.cpu = after - before
	return m, err
}

func drive(ctx context.Context, addr, command string, pipeline, conns, requests int) (time.Duration, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, err
	}
	b := exec.CommandContext(ctx, "redis-benchmark", "-p", port, "-q", "--csv", "-t", command,
		"-P", strconv.Itoa(pipeline), "-c", strconv.Itoa(conns), "-n", strconv.Itoa(requests), "-d", "64")
	began := time.Now()
	if err := measure.Pinned(b.Start, measure.ClientCPU); err != nil {
		return 0, err
	}
	if err := b.Wait(); err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w", err)
	}
	return time.Since(began), nil
}

// journal compares writes a second with the journal synced always: many commands to a sync, and one.
func journal(ctx context.Context, leat string, o options) error {
	dir, err := os.MkdirTemp(".", "journal") // not in memory, as /tmp may be
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	one := func(name string, requests int, args ...string) (float64, error) {
		path := filepath.Join(dir, "journal")
		m, err := bench(ctx, kv(leat, name, append(args, "--journal", path)...), "set", 1, 64, requests)
		return m.rate(), errors.Join(err, os.Remove(path))
	}
	fmt.Printf("SET a second over 64 connections, each synced before its answer, %d pairs\n\n", o.pairs)
	fmt.Printf("%14s %14s %7s %17s\n", "group commit", "one sync each", "ratio", "95 % interval")
	var many, each, ratios []float64
	for range o.pairs {
		x, err := one("group commit", o.requests/4)
		if err != nil {
			return err
		}
		y, err := one("one sync each", o.requests/100, "--batch", "1")
		if err != nil {
			return err
		}
		many, each, ratios = append(many, x), append(each, y), append(ratios, x/y)
	}
	mean, low, high := measure.Interval(ratios)
	same := func(v float64) float64 { return v }
	fmt.Printf("%14.0f %14.0f %7.1f %8.1f – %6.1f\n", measure.Median(many, same), measure.Median(each, same), mean, low, high)
	return nil
}
