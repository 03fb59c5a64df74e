// Package demo shows the main job on embedded defaults: an upper-casing line server under load, seen from inside, and the
// same load with the stage between reading and work swapped.
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
	first   = 4 * time.Second
	rounds  = 3
	each    = 1500 * time.Millisecond
	workers = 2
)

// designs are what is put between the reading of lines and the work on them.
var designs = []struct {
	name    string
	workers int
	queue   string
	what    string
}{
	{"fused", 0, "chan", "the lane that reads a line also works on it and answers"},
	{"chan", workers, "chan", "two worker lanes, each behind a Go channel of blocks"},
	{"workiva", workers, "workiva", "two worker lanes, each behind a go-datastructures ring"},
}

// Run shows everything and returns an error when anything went wrong, a wrong answer included.
func Run(ctx context.Context, cfg Config) error {
	d := &demo{cfg: cfg, screen: &screen{out: cfg.Out, terminal: cfg.Terminal, quiet: cfg.JSON}}
	d.say("An upper-casing line server, 64 connections with 16 lines in flight on each, all in this process.\n")
	if _, err := d.round(ctx, 0, first); err != nil {
		return err
	}
	d.say("\nThe same load with the stage between swapped, %d rounds in turn:\n", rounds)
	results := make([][]load.Result, len(designs))
	for range rounds {
		for i := range designs {
			res, err := d.round(ctx, i, each)
			if err != nil {
				return err
			}
			results[i] = append(results[i], res)
		}
	}
	out := compare(results)
	if cfg.JSON {
		return json.NewEncoder(cfg.Out).Encode(out)
	}
	out.write(cfg.Out)
	return nil
}

// Serve runs the server until ctx ends, with its table.
func Serve(ctx context.Context, cfg Config) error {
	d := &demo{cfg: cfg, screen: &screen{out: cfg.Out, terminal: cfg.Terminal}}
	s, err := d.start(0, cfg.Listen)
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
func (d *demo) round(ctx context.Context, design int, length time.Duration) (load.Result, error) {
	s, err := d.start(design, "127.0.0.1:0")
	if err != nil {
		return load.Result{}, err
	}
	d.say("\n%s: %s (%s)\n", designs[design].name, designs[design].what, s.address)
	live := d.screen.follow(s.pipeline, 250*time.Millisecond)
	res, err := load.Run(ctx, load.Config{
		Address: s.address, Protocol: load.Line, Reply: load.Upper, Message: message,
		Conns: conns, Depth: depth, Duration: length,
	})
	live()
	if err = errors.Join(err, s.stop()); err != nil {
		return res, err
	}
	if res.Success < 1 {
		return res, fmt.Errorf("%s: %d of %d answers were wrong or missing: %v", designs[design].name, res.Requests-res.OK, res.Requests, res.Errors)
	}
	return res, nil
}

// A server is one design that runs.
type server struct {
	address  string
	pipeline *pipeline.Pipeline
	stop     func() error
}

func (d *demo) start(design int, listen string) (*server, error) {
	cfg := assembly.DefaultTCP()
	cfg.Listen, cfg.App = listen, "upper"
	cfg.Workers, cfg.Queue = designs[design].workers, designs[design].queue
	p, source, err := cfg.Assemble(pipeline.Log(d.cfg.Log))
	if err != nil {
		return nil, err
	}
	if err := source.Bind(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	return &server{
		address:  source.Addr().String(),
		pipeline: p,
		stop:     func() error { cancel(); return <-done },
	}, nil
}
