package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/metrics"
	"github.com/leat-io/leat/cmd/leat/zaplog"
	"github.com/leat-io/leat/pipeline"
)

// A server is what the commands that serve have in common: a log, a line of metrics, and a run that ends with a signal.
type server struct {
	level, format string
	every         time.Duration
}

func (s *server) flags(f *pflag.FlagSet) {
	f.StringVar(&s.level, "log-level", "info", "least level of the log: debug, info, warn or error")
	f.StringVar(&s.format, "log-format", "json", "format of the log on the standard error: json or console")
	f.DurationVar(&s.every, "metrics-every", 10*time.Second, "time between two lines of metrics in the log; 0 for none")
}

func (s *server) complete(c *cobra.Command) {
	c.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions(zaplog.Levels, cobra.ShellCompDirectiveNoFileComp))
	c.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions(zaplog.Formats, cobra.ShellCompDirectiveNoFileComp))
}

// log writes to the standard error. Its errors are those of the flags above.
func (s *server) log(c *cobra.Command) (*slog.Logger, error) {
	log, err := zaplog.New(c.ErrOrStderr(), s.level, s.format)
	if s.every < 0 {
		err = errors.Join(err, fmt.Errorf("the time between two lines of metrics is negative: %v", s.every))
	}
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return log, nil
}

// run runs p, by the function given, until a signal has drained it, and says what its nodes have counted. Requests names the
// node whose output they are.
func (s *server) run(c *cobra.Command, p *pipeline.Pipeline, run func(context.Context) error, log *slog.Logger, requests string) error {
	final := func() {}
	if s.every > 0 {
		m := metrics.New(p, log, requests, s.every)
		p.Beside(m.Service())
		final = m.Final
	}
	err := run(c.Context())
	final()
	log.Info("stopped")
	if asJSON(c) {
		return firstError(err, json.NewEncoder(c.OutOrStdout()).Encode(p.Stats()))
	}
	fmt.Fprint(c.OutOrStdout(), p)
	return err
}

// logger is the log of commands that have no flags for it.
func logger() *slog.Logger {
	log, err := zaplog.New(os.Stderr, "info", "json")
	if err != nil {
		panic(err) // these words are known
	}
	return log
}

// checkAddress says what is wrong with the form of an address to listen on. Nothing is bound, and no name is looked up.
func checkAddress(address string) error {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path == "" || path == "@" {
			return fmt.Errorf("the address %q has no path", address)
		}
		return nil
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fmt.Errorf("the address %q is not host:port: %w", address, err)
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
