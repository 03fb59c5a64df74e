package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/pipeline"
)

func tcpCommand() *cobra.Command {
	cfg := assembly.DefaultTCP()
	c := &cobra.Command{
		Use:   "tcp",
		Short: "Run a TCP server",
		Long: `Run a TCP server that answers each message with itself, or in capitals.

It listens on the loopback interface unless told otherwise. SIGTERM or SIGINT drains it: everything that it has
accepted is answered, then it prints what its nodes have counted. A second signal ends it at once.`,
		Example: `  leat tcp --codec line --app upper                 # then: nc 127.0.0.1 8080
  leat tcp --codec raw --app echo --workers 2 --queue workiva`,
		RunE: func(c *cobra.Command, _ []string) error {
			log := logger()
			p, source, err := cfg.Assemble(pipeline.Log(log))
			if err != nil {
				return &exitError{exitUsage, err}
			}
			if err := source.Bind(); err != nil {
				return err
			}
			log.Info("listening", "address", source.Addr().String(), "codec", cfg.Codec, "app", cfg.App, "workers", cfg.Workers)
			err = p.Run(c.Context())
			log.Info("stopped")
			if asJSON(c) {
				return firstError(err, json.NewEncoder(c.OutOrStdout()).Encode(p.Stats()))
			}
			fmt.Fprint(c.OutOrStdout(), p)
			return err
		},
	}
	tcpFlags(c.Flags(), &cfg)
	completeWords(c)
	return c
}

func tcpFlags(f *pflag.FlagSet, cfg *assembly.TCP) {
	f.StringVar(&cfg.Listen, "listen", cfg.Listen, "address to listen on, host:port; without a host, 127.0.0.1")
	f.StringVar(&cfg.Codec, "codec", cfg.Codec, "how messages are delimited: raw (what one read returns), frame (32-bit length), line")
	f.StringVar(&cfg.App, "app", cfg.App, "what is answered: echo or upper")
	f.IntVar(&cfg.MaxMessage, "max-message", cfg.MaxMessage, "longest message in bytes")
	f.IntVar(&cfg.Workers, "workers", cfg.Workers, "lanes that work behind a queue; 0 works on the lanes that read")
	f.StringVar(&cfg.Queue, "queue", cfg.Queue, "queue before the workers: chan or workiva")
	f.IntVar(&cfg.QueueCap, "queue-cap", cfg.QueueCap, "messages that wait for each worker")
	f.StringVar(&cfg.By, "by", cfg.By, "who works on a message: request (hash of connection and number), connection (hash), shortest (queue)")
	f.DurationVar(&cfg.Delay, "delay", cfg.Delay, "time for which each message occupies its lane")
	f.IntVar(&cfg.MaxConns, "max-conns", cfg.MaxConns, "connections at a time; more are closed at once")
	f.IntVar(&cfg.Limits.InFlight, "in-flight", cfg.Limits.InFlight, "requests of one connection that are worked on at a time")
	f.IntVar(&cfg.Limits.OutHard, "max-output", cfg.Limits.OutHard, "bytes that may wait for a client that does not read, before it is closed")
	f.DurationVar(&cfg.Limits.FirstMessage, "first-message", cfg.Limits.FirstMessage, "time from accept to the first complete message; 0 for no limit")
	f.DurationVar(&cfg.Limits.Read, "read-timeout", cfg.Limits.Read, "time from the first byte of a message to its last; 0 for no limit")
	f.DurationVar(&cfg.Limits.Write, "write-timeout", cfg.Limits.Write, "time for which a client may take nothing of its answers; 0 for no limit")
	f.DurationVar(&cfg.Limits.Idle, "idle", cfg.Limits.Idle, "time without a request; 0 for no limit")
	f.DurationVar(&cfg.Drain, "drain", cfg.Drain, "time to answer what was accepted after SIGTERM")
}

// completeWords lets the shell complete the flags that take one of some words.
func completeWords(c *cobra.Command) {
	for flag, words := range map[string][]string{
		"codec": assembly.Codecs, "app": assembly.Apps, "queue": assembly.Queues, "by": assembly.Keys,
	} {
		c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

// logger writes JSON lines to the standard error.
func logger() *slog.Logger { return slog.New(slog.NewJSONHandler(os.Stderr, nil)) }

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
