package main

import (
	"context"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/load/figure"
	"github.com/leat-io/leat/cmd/leat/load/streams"
)

func muxLoadCommand() *cobra.Command {
	l := streamLoading{wire: assembly.DefaultMuxWire(), tls: assembly.ServerTLS{Mode: "off"}}
	c := &cobra.Command{
		Use:   "load",
		Short: "Put load on a server of the mux protocol, verify every reply, and measure",
		Long: `Put load on a server of the mux protocol that answers streams with what they send, or with that in capitals, and compare every reply byte
by byte. With --request bytes each stream lasts, and has one request in flight; with call each request is a call, on a stream of its own.

Without --rate the next request is sent when the reply has come (closed loop). With --rate requests are due on a schedule that the
server cannot slow down (open loop), and latency counts from the time at which one was due, which corrects for coordinated omission.

A server that drains ends the run: what was sent is still answered, and nothing more is sent.

--expect sets the exit status to 3 when a figure is not as wanted: rps, success, errors, requests, mean, p50, p90, p99, p999, max; late.p99 and
the like.`,
		Example: `  leat mux load --address 127.0.0.1:7000 --streams 1000 --message 64 --duration 10s
  leat mux load --request call --streams 100 --rate 20000 --duration 10s --expect 'success=100%,p99<5ms'`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return l.run(c) },
	}
	l.flags(c.Flags())
	completeWords(c, map[string][]string{
		"reply": streams.Replies, "request": streams.Requests, "compress": assembly.Compressions, "server-tls": assembly.ServerTLSModes,
	})
	c.RegisterFlagCompletionFunc("expect", completeNames(streams.MetricNames()))
	return c
}

// streamLoading is a mux load command with its flags.
type streamLoading struct {
	cfg    streams.Config
	wire   assembly.MuxWire
	tls    assembly.ServerTLS
	expect string
}

func (l *streamLoading) flags(f *pflag.FlagSet) {
	cfg := &l.cfg
	f.StringVar(&cfg.Label, "label", "", "name of the result")
	f.StringVar(&cfg.Address, "address", "127.0.0.1:7000", "server, host:port or unix:PATH")
	f.IntVar(&cfg.Conns, "conns", 1, "connections, over which the streams are spread")
	f.IntVar(&cfg.Streams, "streams", 64, "streams, or users who call, each with one request in flight")
	f.StringVar(&cfg.Request, "request", "bytes", "what a request is: bytes of a stream that lasts, or a call, which has a stream of its own")
	f.IntVar(&cfg.Message, "message", 64, "bytes of a request")
	f.StringVar(&cfg.Reply, "reply", "echo", "what a right answer is: echo or upper")
	f.Float64Var(&cfg.Rate, "rate", 0, "requests a second on a constant schedule; 0 sends as fast as replies come")
	f.Int64Var(&cfg.Requests, "requests", 0, "end after this many requests")
	f.DurationVar(&cfg.Duration, "duration", 0, "end after this time")
	f.DurationVar(&cfg.Warmup, "warmup", 0, "time at the start that is not counted")
	f.DurationVar(&cfg.Timeout, "timeout", 10*time.Second, "time from a request to its reply")
	f.StringVar(&l.expect, "expect", "", "figures that must hold, such as 'rps>100000,p99<1ms,success=100%'")
	offerFlags(f, &l.wire)
	serverTLSFlags(f, &l.tls)
}

func (l *streamLoading) run(c *cobra.Command) error {
	cfg := &l.cfg
	wanted, err := streams.ParseExpect(l.expect)
	if err == nil {
		err = cfg.Check()
	}
	if err == nil {
		cfg.Options, err = l.wire.Options()
	}
	var dial assembly.Dial
	if err == nil {
		dial, err = l.tls.Dialer(cfg.Address)
	}
	if err != nil {
		return &exitError{exitUsage, err}
	}
	cfg.Dial = func(ctx context.Context) (net.Conn, error) { return dial(ctx, cfg.Address) }
	line := figure.Line(c.ErrOrStderr(), term.IsTerminal(int(os.Stderr.Fd())))
	cfg.Progress = func(p streams.Progress) { line(p, p.Done) }
	res, err := streams.Run(c.Context(), *cfg)
	if err != nil {
		return err
	}
	return firstError(show(c, res), unmet(wanted.Check(res)))
}
