package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/leat-io/leat/cmd/leat/load"
)

func loadCommand() *cobra.Command {
	var cfg load.Config
	var expect string
	protocol, reply := string(load.Frame), string(load.Echo)
	c := &cobra.Command{
		Use:   "load",
		Short: "Put load on a TCP server, verify every reply, and measure",
		Long: `Put load on a server that answers each message with itself, or in capitals. Every reply is verified.

Without --rate it keeps --depth requests in flight on each connection (closed loop): what the server can do at most.
With --rate it sends on a schedule that the server cannot slow down (open loop) and counts latency from the time at
which a request was due, which corrects for coordinated omission.

--expect sets the exit status to 3 when a figure is not as wanted, such as 'rps>100000,mean<1ms,success>99%'.`,
		Example: `  leat load --address 127.0.0.1:8080 --protocol line --conns 64 --depth 16 --duration 10s
  leat load --address 127.0.0.1:8080 --protocol line --rate 50000 --conns 1000 --duration 10s --expect 'p99<5ms,success=100%'`,
		RunE: func(c *cobra.Command, _ []string) error {
			wanted, err := load.ParseExpect(expect)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			cfg.Protocol, cfg.Reply = load.Protocol(protocol), load.Reply(reply)
			stderr := int(os.Stderr.Fd())
			cfg.Progress = load.ProgressLine(c.ErrOrStderr(), term.IsTerminal(stderr))
			if cfg.Requests == 0 && cfg.Duration == 0 {
				return &exitError{exitUsage, errors.New("say when to end, with --requests or --duration")}
			}
			res, err := load.Run(c.Context(), cfg)
			if err != nil && res.Requests == 0 {
				return err
			}
			if asJSON(c) {
				err = firstError(err, json.NewEncoder(c.OutOrStdout()).Encode(res))
			} else {
				err = firstError(err, res.WriteText(c.OutOrStdout()))
			}
			if failures := wanted.Check(res); err == nil && len(failures) > 0 {
				var all []error
				for _, f := range failures {
					all = append(all, errors.New(f.String()))
				}
				return &exitError{exitExpect, fmt.Errorf("not as expected: %w", errors.Join(all...))}
			}
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&cfg.Address, "address", "127.0.0.1:8080", "server, host:port")
	f.StringVar(&protocol, "protocol", protocol, "how messages are delimited: raw, frame (32-bit length) or line")
	f.StringVar(&reply, "reply", reply, "what a right answer is: echo or upper")
	f.IntVar(&cfg.Message, "message", 64, "bytes of a request")
	f.IntVar(&cfg.Conns, "conns", 64, "connections")
	f.IntVar(&cfg.Depth, "depth", 1, "most requests in flight on a connection")
	f.Float64Var(&cfg.Rate, "rate", 0, "requests a second on a constant schedule; 0 sends as fast as replies come")
	f.Int64Var(&cfg.Requests, "requests", 0, "end after this many requests")
	f.DurationVar(&cfg.Duration, "duration", 0, "end after this time")
	f.DurationVar(&cfg.Warmup, "warmup", 0, "time at the start that is not counted")
	f.DurationVar(&cfg.Timeout, "timeout", 0, "time from a request to its reply (default 10s)")
	f.DurationVar(&cfg.DialTimeout, "dial-timeout", 0, "time to open a connection (default 5s)")
	f.StringVar(&expect, "expect", "", "figures that must hold, such as 'rps>100000,mean<1ms,success>99%'")
	c.RegisterFlagCompletionFunc("protocol", cobra.FixedCompletions([]string{"raw", "frame", "line"}, cobra.ShellCompDirectiveNoFileComp))
	c.RegisterFlagCompletionFunc("reply", cobra.FixedCompletions([]string{"echo", "upper"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}
