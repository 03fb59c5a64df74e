package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/leat-io/leat/cmd/leat/config"
	"github.com/leat-io/leat/cmd/leat/load/datagram"
	"github.com/leat-io/leat/cmd/leat/load/figure"
	"github.com/leat-io/leat/cmd/leat/load/profile"
)

func loadUDPCommand() *cobra.Command {
	var l datagramLoading
	c := &cobra.Command{
		Use:   "udp",
		Short: "Send datagrams, account for every one of them, and measure",
		Long: `Send datagrams to a server that answers each with itself, check every reply byte by byte, and measure loss, duplicates, order and
latency. With --send-only nothing is expected back; with --sink this process receives what others send so, and says what was
lost on the way.

With --rate or --profile it sends on a schedule that the server cannot slow down (open loop) and counts latency from the time at
which a datagram was due. Without them it keeps --depth datagrams of each flow in flight (closed loop), or with --send-only sends
as fast as it can.

--sender gso sends trains of datagrams that cross the stack as one; packet and xdp send frames past the stack. Their figures say
what a receiver can do. They are not what an ordinary sender reaches, and are labelled so.

--expect sets the exit status to 3 when a figure is not as wanted: loss, rate, pps, sent, received, lost, unsent, duplicates,
reordered, stale, corrupt, foreign, unended, overrun, drops, errors, cores, mean, p50, p90, p99, p999, max; also service.p99, late.max and the like.`,
		Example: `  leat load udp --address 127.0.0.1:9000 --rate 50000 --flows 16 --duration 10s --expect 'loss=0%,p99<1ms'
  leat load udp --depth 16 --flows 4 --duration 5s
  leat load udp --sink --address 127.0.0.1:9001 &
  leat load udp --send-only --sender gso --address 127.0.0.1:9001 --rate 300000 --duration 10s`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return l.run(c) },
	}
	l.flags(c.Flags())
	var senders []string
	for _, s := range datagram.Senders {
		senders = append(senders, string(s))
	}
	completeWords(c, map[string][]string{"sender": senders, "profile": profileWords})
	c.RegisterFlagCompletionFunc("expect", completeNames(datagram.MetricNames()))
	return c
}

// datagramLoading is a load udp command with its flags.
type datagramLoading struct {
	cfg            datagram.Config
	sendOnly, sink bool
	sender         string
	profile        string
	expect         string
}

func (l *datagramLoading) flags(f *pflag.FlagSet) {
	cfg := &l.cfg
	f.StringVar(&cfg.Label, "label", "", "name of the result")
	f.StringVar(&cfg.Address, "address", "127.0.0.1:9000", "server, host:port; with --sink, address to listen on")
	f.BoolVar(&l.sendOnly, "send-only", false, "expect no replies, and say at the end how much was sent")
	f.BoolVar(&l.sink, "sink", false, "receive what others send with --send-only; it ends with them, after --duration, or with a signal")
	f.StringVar(&l.sender, "sender", "plain", "how datagrams leave: plain (each by itself), gso (in trains), packet or xdp (frames past the stack)")
	f.IntVar(&cfg.Message, "message", 64, "bytes of a datagram's payload, at least 48")
	f.IntVar(&cfg.Flows, "flows", 1, "source ports, from which bursts go in turn")
	f.IntVar(&cfg.Batch, "batch", 32, "most datagrams of one flow in one call or train, at most 64")
	f.Float64Var(&cfg.Rate, "rate", 0, "datagrams a second on a constant schedule; 0 for the closed loop, or as fast as possible")
	f.StringVar(&l.profile, "profile", "", "phases of a schedule, such as 'ramp 0-50000 10s, hold 50000 30s, spike 80000 5s'")
	f.IntVar(&cfg.Depth, "depth", 1, "closed loop: most datagrams of a flow in flight")
	f.Int64Var(&cfg.Requests, "requests", 0, "end after this many datagrams")
	f.DurationVar(&cfg.Duration, "duration", 0, "end after this time; a sink counts it from the first datagram")
	f.DurationVar(&cfg.Warmup, "warmup", 0, "time at the start that is not counted")
	f.DurationVar(&cfg.Timeout, "timeout", 0, "time for which a reply may be under way before it is lost (default 1s)")
	cfg.Buffer = datagram.DefaultBuffer
	config.SizeVar(f, &cfg.Buffer, "receive-buffer", "what the system may hold of what came, for each socket (SO_RCVBUF)")
	f.DurationVar(&cfg.Nap, "nap", 0, "rest of the receiver while datagrams keep coming; it is in the latency (default 0, of a sink 50µs)")
	f.StringVar(&cfg.Raw.Interface, "interface", "", "interface of the senders packet and xdp")
	f.StringVar(&cfg.Raw.MAC, "mac", "", "hardware address of their next hop (default: what the kernel knows of the server)")
	f.StringVar(&l.expect, "expect", "", "figures that must hold, such as 'loss<0.01%,duplicates=0,p99<1ms'")
}

func (l *datagramLoading) run(c *cobra.Command) error {
	wanted, err := datagram.ParseExpect(l.expect)
	if err == nil {
		err = l.understand(c.Flags())
	}
	if err != nil {
		return &exitError{exitUsage, err}
	}
	line := figure.Line(c.ErrOrStderr(), term.IsTerminal(int(os.Stderr.Fd())))
	l.cfg.Progress = func(p datagram.Progress) { line(p, p.Done) }
	res, err := datagram.Run(c.Context(), l.cfg)
	if err != nil && res.Sent == 0 && res.Received == 0 {
		return err
	}
	err = firstError(err, show(c, res))
	if err == nil && res.Received == 0 && !l.sendOnly {
		err = fmt.Errorf("nothing came from %s", l.cfg.Address)
		if l.sink {
			err = fmt.Errorf("nothing came to %s", l.cfg.Address)
		}
	}
	return firstError(err, unmet(wanted.Check(res)))
}

// understand fills what is not read by a flag alone, and refuses what makes no sense before anything is opened.
func (l *datagramLoading) understand(f *pflag.FlagSet) (err error) {
	cfg := &l.cfg
	cfg.Sender = datagram.Sender(strings.ToLower(l.sender))
	switch {
	case l.sendOnly && l.sink:
		return errors.New("--send-only and --sink are two roles; run each in a process of its own")
	case l.sendOnly:
		cfg.Role = datagram.SendOnly
	case l.sink:
		cfg.Role = datagram.Sink
	}
	if f.Changed("profile") {
		if cfg.Profile, err = profile.Parse(l.profile); err != nil {
			return err
		}
	}
	return cfg.Check()
}
