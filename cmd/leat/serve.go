package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/config"
	"github.com/leat-io/leat/cmd/leat/metrics"
	"github.com/leat-io/leat/cmd/leat/restart"
	"github.com/leat-io/leat/cmd/leat/zaplog"
	"github.com/leat-io/leat/pipeline"
)

// A server is what the commands that serve have in common: a log, a line of metrics, and a run that ends with a signal.
type server struct {
	level, format  string
	every          time.Duration
	pidFile        string
	upgradeTimeout time.Duration

	section    string           // of its settings; the name of the command when empty
	upgradable bool             // another process can take over
	sockets    *restart.Sockets // that the process was given
}

func (s *server) flags(f *pflag.FlagSet) {
	f.StringVar(&s.level, "log-level", "info", "least level of the log: debug, info, warn or error")
	f.StringVar(&s.format, "log-format", "json", "format of the log on the standard error: json or console")
	f.DurationVar(&s.every, "metrics-every", 10*time.Second, "time between two lines of metrics in the log; 0 for none")
	f.StringVar(&s.pidFile, "pid-file", "", "file in which the number of the process stands while it serves")
	if s.upgradable {
		f.DurationVar(&s.upgradeTimeout, "upgrade-timeout", time.Minute, "time for the new process to become ready after SIGUSR2, or this one goes on")
	}
}

// serve gives the command of a server its flags, and with them their section in files and in the environment. words are what
// some of them can be.
func (conf *configuration) serve(c *cobra.Command, s *server, flags *pflag.FlagSet, words map[string][]string) {
	s.flags(c.Flags())
	c.Flags().AddFlagSet(flags)
	s.section = cmp.Or(s.section, c.Name())
	settings := pflag.NewFlagSet(s.section, pflag.ContinueOnError)
	settings.AddFlagSet(c.Flags())
	conf.section(s.section, settings)
	conf.fileFlag(c.Flags())
	conf.checkFlag(c.Flags())
	completeWords(c, words)
	s.complete(c)
}

// completeWords lets the shell complete the flags that take one of some words.
func completeWords(c *cobra.Command, of map[string][]string) {
	for flag, words := range of {
		c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

func (s *server) complete(c *cobra.Command) {
	c.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions(zaplog.Levels, cobra.ShellCompDirectiveNoFileComp))
	c.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions(zaplog.Formats, cobra.ShellCompDirectiveNoFileComp))
}

// log writes to the standard error. Its errors are those of the flags above.
func (s *server) log(c *cobra.Command) (*slog.Logger, error) {
	log, err := zaplog.New(c.ErrOrStderr(), s.level, s.format)
	if s.upgradable && s.upgradeTimeout <= 0 {
		err = errors.Join(err, fmt.Errorf("the time for a new process to become ready must be above 0, not %v", s.upgradeTimeout))
	}
	if s.every < 0 {
		err = errors.Join(err, fmt.Errorf("the time between two lines of metrics is negative: %v", s.every))
	}
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return log, nil
}

// check is the answer to --check: whether the settings were loaded without an error, are valid, and have a log.
func (s *server) check(c *cobra.Command, conf *configuration, settings config.Settings, loaded error, valid func() error) error {
	wrong := loaded
	if wrong == nil {
		_, err := s.log(c)
		wrong = errors.Join(valid(), err)
	}
	return conf.report(c, s.section, settings, wrong)
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
	// A reader of the standard output that goes away is an error of the write, and not the end of the process by a signal: what
	// was accepted is still answered, and what is lost is said.
	signal.Ignore(syscall.SIGPIPE)
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
	if is, err := restart.CheckAddress(address); is {
		return err
	}
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

// show writes a result, as JSON or as text.
func show(c *cobra.Command, result interface{ WriteText(io.Writer) error }) error {
	if asJSON(c) {
		return json.NewEncoder(c.OutOrStdout()).Encode(result)
	}
	return result.WriteText(c.OutOrStdout())
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
