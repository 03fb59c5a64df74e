package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/load/plot"
	"github.com/leat-io/leat/cmd/leat/load/profile"
	"github.com/leat-io/leat/cmd/leat/load/workload"
)

func loadCommand() *cobra.Command {
	l := loading{cfg: load.Config{Protocol: load.Frame}}
	c := &cobra.Command{
		Use:   "load",
		Short: "Put load on a server, verify every reply, and measure",
		Long: `Put load on a server and verify every reply: one that answers each message with itself or in capitals, or one that
speaks the protocol of Redis.

Without --rate it keeps --depth requests in flight on each connection (closed loop): what the server can do at most.
With --rate or --profile it sends on a schedule that the server cannot slow down (open loop) and counts latency from the time
at which a request was due, which corrects for coordinated omission.

--profile is phases that are separated by commas: 'warm R D' (not counted, first), 'ramp A-B D', 'hold R D', 'spike R D', with
rates in requests a second and durations.

--expect sets the exit status to 3 when a figure is not as wanted: rps, success, errors, requests, mean, p50, p90, p99, p999,
max; also connect.mean, service.p99, late.max and the like, and phase1.p99 for a phase of a profile.

--plot draws the result, and with --compare also results that were stored with --json. Without --requests, --duration and
--profile it only draws those.`,
		Example: `  leat load --address 127.0.0.1:8080 --protocol line --conns 64 --depth 16 --duration 10s
  leat load --protocol line --rate 50000 --conns 1000 --duration 10s --expect 'p99<5ms,success=100%'
  leat load --address 127.0.0.1:6379 --protocol resp --request mixed --keys 100000 --zipf 0.99 --profile 'ramp 0-50k 10s, hold 50k 30s' --plot run.html
  leat load --protocol line --pool 0 --duration 5s --json --label unpooled > unpooled.json
  leat load --protocol line --pool 8 --duration 5s --label pooled --compare unpooled.json --plot pools.svg`,
		RunE: func(c *cobra.Command, _ []string) error { return l.run(c) },
	}
	l.flags(c.Flags())
	completeWords(c, map[string][]string{
		"protocol": workload.Protocols(), "reply": workload.Answers(), "request": workload.Commands(), "driver": load.Drivers(), "profile": profileWords,
	})
	c.RegisterFlagCompletionFunc("expect", completeNames(load.MetricNames()))
	files := func(flag string, extensions ...string) {
		c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(extensions, cobra.ShellCompDirectiveFilterFileExt))
	}
	files("plot", "svg", "html")
	files("compare", "json")
	c.AddCommand(loadUDPCommand())
	return c
}

// profileWords are phases to begin with.
var profileWords = []string{"ramp 0-50000 10s", "hold 50000 30s", "warm 50000 5s", "spike 80000 5s"}

// loading is a load command with its flags.
type loading struct {
	cfg     load.Config
	pool    int
	profile string
	expect  string
	plot    string
	compare []string
}

func (l *loading) flags(f *pflag.FlagSet) {
	cfg := &l.cfg
	f.StringVar(&cfg.Label, "label", "", "name of the result")
	f.StringVar(&cfg.Address, "address", "127.0.0.1:8080", "server, host:port or unix:path; several, separated by commas, get connections in turn")
	f.StringVar((*string)(&cfg.Protocol), "protocol", string(cfg.Protocol), "how messages are delimited: raw, frame (32-bit length), line, or resp")
	f.StringVar((*string)(&cfg.Reply), "reply", "", "what a right answer is: echo or upper; not for resp (default echo)")
	f.StringVar((*string)(&cfg.Request), "request", "", "command of resp: ping, echo, get, set, incr, mset (10 keys) or mixed (9 get to 1 set) (default ping)")
	f.IntVar(&cfg.Keys, "keys", 0, "keys of resp (default 10000)")
	f.Float64Var(&cfg.Zipf, "zipf", 0, "exponent of the distribution of keys, such as 0.99; 0 draws each as often")
	f.IntVar(&cfg.Message, "message", 64, "bytes of a request's payload, or of a value of resp")
	f.IntVar(&cfg.Conns, "conns", 64, "connections; with --pool, users that share its connections")
	f.IntVar(&cfg.Depth, "depth", 1, "most requests in flight on a connection")
	f.IntVar(&l.pool, "pool", 0, "connections that the users share; 0 opens one for each request (default: one for each user, kept)")
	f.StringVar((*string)(&cfg.Driver), "driver", "", "what carries the connections: reactor (loops that serve many each) or goroutine (default reactor on Linux)")
	f.IntVar(&cfg.Loops, "loops", 0, "loops of the driver reactor (default one for each processor)")
	f.Float64Var(&cfg.Rate, "rate", 0, "requests a second on a constant schedule; 0 sends as fast as replies come")
	f.StringVar(&l.profile, "profile", "", "phases of a schedule, such as 'ramp 0-50000 10s, hold 50000 30s, spike 80000 5s'")
	f.Int64Var(&cfg.Requests, "requests", 0, "end after this many requests")
	f.DurationVar(&cfg.Duration, "duration", 0, "end after this time")
	f.DurationVar(&cfg.Warmup, "warmup", 0, "time at the start that is not counted")
	f.DurationVar(&cfg.Timeout, "timeout", 0, "time from a request to its reply (default 10s)")
	f.DurationVar(&cfg.DialTimeout, "dial-timeout", 0, "time to open a connection (default 5s)")
	f.StringVar(&l.expect, "expect", "", "figures that must hold, such as 'rps>100000,mean<1ms,success>99%'")
	f.StringVar(&l.plot, "plot", "", "file to draw the result into: .svg or .html")
	f.StringSliceVar(&l.compare, "compare", nil, "results stored with --json to draw beside this one")
}

func (l *loading) run(c *cobra.Command) error {
	wanted, err := load.ParseExpect(l.expect)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	if err := l.understand(c.Flags()); err != nil {
		return &exitError{exitUsage, err}
	}
	results, err := stored(l.compare)
	if err != nil {
		return err
	}
	if !l.runs() {
		return l.draw(results)
	}
	l.cfg.Progress = load.ProgressLine(c.ErrOrStderr(), term.IsTerminal(int(os.Stderr.Fd())))
	res, err := load.Run(c.Context(), l.cfg)
	if err != nil && res.Requests == 0 {
		return err
	}
	err = firstError(err, show(c, res))
	if l.plot != "" {
		err = firstError(err, l.draw(append(results, res)))
	}
	return firstError(err, unmet(wanted.Check(res)))
}

// unmet is the error for expectations that do not hold.
func unmet(failures []load.Failure) error {
	if len(failures) == 0 {
		return nil
	}
	var all []error
	for _, f := range failures {
		all = append(all, errors.New(f.String()))
	}
	return &exitError{exitExpect, fmt.Errorf("not as expected: %w", errors.Join(all...))}
}

// understand fills what is not read by a flag alone, and refuses what makes no sense before anything is opened.
func (l *loading) understand(f *pflag.FlagSet) (err error) {
	if f.Changed("pool") {
		l.cfg.Pool = &l.pool
	}
	if f.Changed("profile") {
		if l.cfg.Profile, err = profile.Parse(l.profile); err != nil {
			return err
		}
	}
	if l.plot != "" {
		if _, err := plot.FormatOf(l.plot); err != nil {
			return err
		}
	}
	switch {
	case len(l.compare) > 0 && l.plot == "":
		return errors.New("--compare says what to draw beside the result; give the file for it with --plot")
	case !l.runs() && len(l.compare) == 0:
		return errors.New("say when to end, with --requests or --duration, or with --profile")
	case !l.runs() && l.expect != "":
		return errors.New("--expect is about a run; give --requests, --duration or --profile")
	}
	return nil
}

// runs reports whether there is something to measure, not only to draw.
func (l *loading) runs() bool {
	return l.cfg.Requests != 0 || l.cfg.Duration != 0 || len(l.cfg.Profile) > 0
}

func (l *loading) draw(results []load.Result) error {
	format, err := plot.FormatOf(l.plot)
	if err != nil {
		return err
	}
	f, err := os.Create(l.plot)
	if err != nil {
		return err
	}
	return errors.Join(plot.Write(f, format, results), f.Close())
}

// maxStored bounds a stored result; one takes some 20 KiB.
const maxStored = 16 << 20

// stored reads results that --json has written. One without a label is called like its file.
func stored(files []string) (results []load.Result, err error) {
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		var r load.Result
		err = json.NewDecoder(io.LimitReader(f, maxStored)).Decode(&r)
		f.Close()
		if err == nil && r.Loop == "" {
			err = errors.New("it does not say which loop it was")
		}
		if err != nil {
			return nil, fmt.Errorf("%s is no result of leat load --json: %w", name, err)
		}
		if r.Label == "" {
			r.Label = name
		}
		results = append(results, r)
	}
	return results, nil
}

// completeNames completes the last of the expectations with the name of a figure.
func completeNames(names []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before, last := "", typed
		if i := strings.LastIndexByte(typed, ','); i >= 0 {
			before, last = typed[:i+1], typed[i+1:]
		}
		var all []string
		for _, name := range names {
			if strings.HasPrefix(name, last) {
				all = append(all, before+name)
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}
