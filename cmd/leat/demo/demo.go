// Package demo shows the main job on embedded defaults: an upper-casing line server under load, seen from inside, the same
// load with the stage between reading and work swapped, and the same for a server of keys and values.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/load/workload"
	"github.com/leat-io/leat/pipeline"
)

// Config says where the demonstration writes.
type Config struct {
	Out      io.Writer
	Terminal bool   // tables may be drawn over one another
	JSON     bool   // only the outcome, as JSON
	Listen   string // of Serve
	Log      *slog.Logger
}

// The load and the times of the demonstration: enough to see a difference, and over within half a minute.
const (
	conns   = 64
	depth   = 16
	message = 64
	keys    = 10_000
	first   = 3 * time.Second
	rounds  = 3
	each    = 1200 * time.Millisecond
	workers = 2
)

// A design is one way of putting a server together.
type design struct {
	name    string
	workers int
	queue   string
	what    string
}

// A job is a server, the load that is put on it, and the designs that are compared.
type job struct {
	app, unit string
	load      load.Config
	designs   []design
}

// lines is the upper-casing server, and store the one of keys and values. What is swapped stands between the reading of
// messages and the work on them.
var (
	lines = job{
		app: "upper", unit: "lines/s",
		load: load.Config{Protocol: load.Line, Reply: load.Upper, Message: message},
		designs: []design{
			{"fused", 0, "chan", "the lane that reads a line also works on it and answers"},
			{"chan", workers, "chan", "two worker lanes, each behind a Go channel of blocks"},
			{"workiva", workers, "workiva", "two worker lanes, each behind a go-datastructures ring"},
		},
	}
	store = job{
		app: "kv", unit: "commands/s",
		load: load.Config{Protocol: load.RESP, Request: workload.MIXED, Keys: keys, Message: message},
		designs: []design{
			{"fused", 0, "chan", "commands run on the lanes that read them"},
			{"by key", workers, "chan", "keys are divided among two lanes by their hash"},
		},
	}
)

// Run shows everything and returns an error when anything went wrong, a wrong answer included.
func Run(ctx context.Context, cfg Config) error {
	d := &demo{cfg: cfg, screen: &screen{out: cfg.Out, terminal: cfg.Terminal, quiet: cfg.JSON}}
	d.say("An upper-casing line server, %d connections with %d lines in flight on each, all in this process.\n", conns, depth)
	if _, err := d.round(ctx, lines, 0, first); err != nil {
		return err
	}
	d.say("\nThe same load with the stage between swapped, %d rounds in turn:\n", rounds)
	first, err := d.compare(ctx, lines)
	if err != nil {
		return err
	}
	d.say("\nAnother assembly: a server of keys and values in the Redis protocol, 9 GET to 1 SET of %d keys.\n", keys)
	second, err := d.compare(ctx, store)
	if err != nil {
		return err
	}
	if cfg.JSON {
		return json.NewEncoder(cfg.Out).Encode([]Comparison{first, second})
	}
	d.say("%s", remark)
	return nil
}

// compare puts the load of a job on its designs in turn.
func (d *demo) compare(ctx context.Context, j job) (Comparison, error) {
	results := make([][]load.Result, len(j.designs))
	for range rounds {
		for i := range j.designs {
			res, err := d.round(ctx, j, i, each)
			if err != nil {
				return Comparison{}, err
			}
			results[i] = append(results[i], res)
		}
	}
	c := compare(j, results)
	if !d.cfg.JSON {
		c.write(d.cfg.Out)
	}
	return c, nil
}

// Serve runs the server until ctx ends, with its table.
func Serve(ctx context.Context, cfg Config) error {
	d := &demo{cfg: cfg, screen: &screen{out: cfg.Out, terminal: cfg.Terminal}}
	s, err := d.start(lines, 0, cfg.Listen)
	if err != nil {
		return err
	}
	d.say("An upper-casing line server on %s. Try it, in another terminal:\n\n  nc %s\n\nInterrupt to end.\n\n", s.address, hostPort(s.address))
	live := d.screen.follow(s.pipeline, time.Second)
	<-ctx.Done()
	live()
	return s.stop()
}

type demo struct {
	cfg    Config
	screen *screen
}

func (d *demo) say(format string, args ...any) {
	if !d.cfg.JSON {
		fmt.Fprintf(d.cfg.Out, format, args...)
	}
}

// round puts the load on one design and shows its nodes meanwhile.
func (d *demo) round(ctx context.Context, j job, i int, length time.Duration) (load.Result, error) {
	s, err := d.start(j, i, "127.0.0.1:0")
	if err != nil {
		return load.Result{}, err
	}
	d.say("\n%s: %s (%s)\n", j.designs[i].name, j.designs[i].what, s.address)
	live := d.screen.follow(s.pipeline, 250*time.Millisecond)
	c := j.load
	c.Address, c.Conns, c.Depth, c.Duration = s.address, conns, depth, length
	c.Driver = load.Goroutine // loops would have to wait for the processors, which those of the server do not give up at once
	res, err := load.Run(ctx, c)
	live()
	if err = errors.Join(err, s.stop()); err != nil {
		return res, err
	}
	if res.Success < 1 {
		return res, fmt.Errorf("%s, %s: %d of %d answers were wrong or missing: %v", j.app, j.designs[i].name, res.Requests-res.OK, res.Requests, res.Errors)
	}
	return res, nil
}

// A server is one design that runs.
type server struct {
	address  string
	pipeline *pipeline.Pipeline
	stop     func() error
}

func (d *demo) start(j job, i int, listen string) (*server, error) {
	cfg := assembly.DefaultTCP()
	cfg.Listen, cfg.App = listen, j.app
	cfg.Workers, cfg.Queue = j.designs[i].workers, j.designs[i].queue
	cfg.Suit(func(string) bool { return false })
	s, err := cfg.Assemble(pipeline.Log(d.cfg.Log))
	if err != nil {
		return nil, err
	}
	if _, err := s.Open(context.Background()); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return &server{
		address:  s.Source.Addr().String(),
		pipeline: s.Pipeline,
		stop:     func() error { cancel(); return <-done },
	}, nil
}
