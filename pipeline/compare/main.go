package compare

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
)

// Main takes over in the processes that Run has started for this comparison, and does not return there; elsewhere it does
// nothing. Call it with what Run is given, at the start of main or of TestMain. A program with several comparisons calls it
// for each; they differ in Config.Name.
func Main(cfg Config, variants ...Variant) {
	p, err := myPart()
	if err == nil && (p == nil || p.Comparison != cfg.Name) {
		return
	}
	if err == nil {
		err = p.play(cfg, variants)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (p *part) play(cfg Config, variants []Variant) error {
	i := slices.IndexFunc(variants, func(v Variant) bool { return v.Name == p.Variant })
	if i < 0 {
		return fmt.Errorf("compare: Main was not given the variant %q that Run has", p.Variant)
	}
	if err := os.Unsetenv(environment); err != nil { // what this process starts is no part of it
		return err
	}
	c, err := net.Dial("unix", p.Control)
	if err != nil {
		return fmt.Errorf("compare: the process that started this one is gone: %w", err)
	}
	// The connection ends with the process: closed before, it would seem that who started it is gone.
	switch w := newWire(c); p.Role {
	case serving:
		return serve(w, variants[i])
	case loading:
		return drive(w, cfg.withDefaults(), variants[i], p.Address)
	}
	return fmt.Errorf("compare: there is no role %q", p.Role)
}

// serve runs a variant until it is told to stop. When who started it is gone it ends at once.
func serve(w *wire, v Variant) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := v.Open(ctx)
	if err != nil {
		return err
	}
	run := s.Run
	if run == nil {
		run = s.Pipeline.Run
	}
	if err := w.say(message{Kind: ready, Address: s.Address, Graph: s.Pipeline.String()}); err != nil {
		return err
	}
	go func() {
		for {
			m, err := w.hear()
			switch {
			case err != nil:
				os.Exit(1)
			case m.Kind == stop:
				cancel()
			case m.Kind == look:
				u := ownUsage()
				_ = w.say(message{Kind: looked, Usage: &u}) // if it fails, so does the next hear
			}
		}
	}()
	if err := run(ctx); ctx.Err() == nil {
		return errors.Join(err, errors.New("compare: the server ended by itself"))
	}
	return nil
}

// drive runs the load of a variant.
func drive(w *wire, cfg Config, v Variant, address string) error {
	load := v.Load
	if load == nil {
		load = cfg.Load
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		if _, err := w.hear(); err != nil { // nothing is said to a load: who started it is gone
			os.Exit(1)
		}
	}()
	tell := func(k kind) func() {
		return func() {
			u := ownUsage()
			_ = w.say(message{Kind: k, Usage: &u}) // if it fails, so does what follows
		}
	}
	o, err := load(ctx, Target{
		Address: address, Warmup: cfg.warmup(), Duration: cfg.Duration, Begin: tell(begun), End: tell(ended),
	})
	if err == nil {
		err = o.check()
	}
	if err != nil {
		return err
	}
	if err := w.say(message{Kind: outcome, Outcome: &o}); err != nil {
		return err
	}
	return nil
}
