package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/leat-io/leat/pipeline/compare"
)

func compareCommand(conf *configuration) *cobra.Command {
	c := &cobra.Command{
		Use:   "compare",
		Short: "Compare designs of an assembly under load",
		Long: `Run variants of an assembly in turn, each in a fresh process with the load in another one, and say which is better, by how
much, and how sure that is.`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(compareSubject(conf, tcpSubject), compareSubject(conf, proxySubject), backendCommand())
	for _, sub := range c.Commands() {
		sub.Args = noArgs
	}
	return c
}

// A comparison is a compare command with its flags.
type comparison struct {
	conf    *configuration
	subject subject
	given   *pflag.FlagSet // flags of the assembly
	vary    []string
	base    string
	load    string
	html    string
	cfg     compare.Config
}

func compareSubject(conf *configuration, s subject) *cobra.Command {
	cmp := &comparison{conf: conf, subject: s}
	c := &cobra.Command{
		Use:   s.name,
		Short: "Compare designs of leat " + s.name,
		Long: `Run variants of leat ` + s.name + ` in turn under the same load and compare them with the first, or with --base.

Each --vary names a flag of leat ` + s.name + ` and values for it; every combination is a variant. Other flags of leat ` + s.name + ` hold for all.
Each run is a fresh server and a fresh load. The order changes from round to round so that drift of the machine cancels.

A ratio has its 95 % interval. "No difference": it holds 1 and lies within --bound. "Unresolved": it holds 1 and is wider;
take more --rounds. Rows with ! are untrusted, and the reason is said: mostly that the load, not the server, was the
bottleneck. See docs/compare.md.` + s.note,
		Example: s.example,
		RunE:    func(c *cobra.Command, _ []string) error { return cmp.run(c) },
	}
	cmp.given, _ = s.fresh()
	f := c.Flags()
	f.AddFlagSet(cmp.given)
	conf.fileFlag(f)
	f.StringArrayVar(&cmp.vary, "vary", nil, "flag=value,value,...: values of a flag to compare; may be repeated")
	f.StringVar(&cmp.base, "base", "", "variant to compare with, such as 'queue=chan workers=2' (default: the first)")
	f.StringVar(&cmp.load, "load", "--conns 64 --depth 16", "flags of leat load; protocol and reply are those of the server")
	f.IntVar(&cmp.cfg.Rounds, "rounds", compare.DefaultRounds, "rounds, in each of which every variant runs once")
	f.DurationVar(&cmp.cfg.Duration, "time", compare.DefaultDuration, "time of each run, without its warm-up")
	f.DurationVar(&cmp.cfg.Warmup, "warmup", compare.DefaultWarmup, "time at the start of each run that is not counted")
	f.BoolVar(&cmp.cfg.Pin, "pin", false, "give the server one processor and the load another")
	f.Float64Var(&cmp.cfg.Bound, "bound", compare.DefaultBound, "how far from 1 the interval of no difference may reach")
	f.StringVar(&cmp.html, "html", "", "file for a report with pictures, which needs nothing else")
	completeWords(c, s.words)
	c.RegisterFlagCompletionFunc("vary", cmp.completeVary)
	c.RegisterFlagCompletionFunc("html", cobra.FixedCompletions([]string{"html"}, cobra.ShellCompDirectiveFilterFileExt))
	return c
}

func (cmp *comparison) run(c *cobra.Command) error {
	variants, err := cmp.variants(c.Flags().Changed("time") || c.Flags().Changed("warmup"))
	if err != nil {
		return &exitError{exitUsage, err}
	}
	cfg := cmp.cfg
	cfg.Name, cfg.Detail = "leat compare "+cmp.subject.name, "leat load "+cmp.load
	compare.Main(cfg, variants...)
	if err := cfg.Check(variants...); err != nil {
		return &exitError{exitUsage, err}
	}
	var page *os.File
	if cmp.html != "" { // before the work, not after it
		if page, err = os.Create(cmp.html); err != nil {
			return err
		}
		defer page.Close()
	}
	stderr := c.ErrOrStderr()
	fmt.Fprintln(stderr, cfg.Plan(len(variants)))
	cfg.Progress = compare.ProgressLine(stderr, term.IsTerminal(int(os.Stderr.Fd())))
	began := time.Now()
	report, err := compare.Run(c.Context(), cfg, variants...)
	if c.Context().Err() != nil && report != nil {
		err = fmt.Errorf("interrupted after %d of %d runs, in %v", len(report.Runs), cfg.Rounds*len(variants), time.Since(began).Round(time.Second))
	}
	if report == nil || len(report.Runs) == 0 {
		return err
	}
	report.Commands = append(report.Commands, commandLine(os.Args[1:]))
	if page != nil {
		err = errors.Join(err, report.WriteHTML(page), page.Close())
	}
	return errors.Join(err, show(c, report))
}

// commandLine is what a person would type for the arguments.
func commandLine(args []string) string {
	words := []string{"leat"}
	for _, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\n'\"$\\`*?[]{}()<>|&;#~!") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}
