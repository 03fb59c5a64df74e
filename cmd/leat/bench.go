package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/bench"
	"github.com/leat-io/leat/pipeline"
)

// benchCommand has a command below it for each assembly.
func benchCommand(assemblies ...*cobra.Command) *cobra.Command {
	var names []string
	for _, a := range assemblies {
		names = append(names, a.Name())
	}
	c := &cobra.Command{
		Use:   "bench assembly [node ...]",
		Short: "Measure the nodes of an assembly one at a time",
		Long: `Run an assembly in this process under load from the loopback interface, record what comes to each of its nodes, and then
give each node its recording again, alone on a lane, to measure what it costs: in batches of 1, 32 and 256 messages.

A message is one that comes in, or goes out where more do. What is around the node in a run is measured without it, and
subtracted; --json shows it as the overhead. With --format go the runs are written as Go's benchmarks are, for benchstat.`,
		Example: `  leat bench tcp --app upper
  leat bench tcp --app kv --workers 2 commands reply
  leat bench tcp --app kv --list
  leat bench tcp --format go > before.txt     # and after a change > after.txt; then: benchstat before.txt after.txt`,
		Args: func(c *cobra.Command, args []string) error {
			which := "say which assembly"
			if len(args) > 0 {
				which = fmt.Sprintf("there is no assembly %q", args[0])
			}
			return &exitError{exitUsage, fmt.Errorf("%s; choose %s", which, strings.Join(names, ", "))}
		},
		RunE: func(*cobra.Command, []string) error { return nil }, // Args has refused
	}
	c.AddCommand(assemblies...)
	return c
}

// benching is a command that measures one assembly.
type benching struct {
	opts    bench.Options
	traffic bench.Traffic
	format  string
	list    bool
}

func (b *benching) flags(f *pflag.FlagSet) {
	b.opts, b.traffic = bench.DefaultOptions(), bench.DefaultTraffic
	f.IntSliceVar(&b.opts.Batches, "batch", b.opts.Batches, "messages that a node is given at once, several separated by commas")
	f.IntVar(&b.opts.Record, "record", b.opts.Record, "messages that are recorded of each node")
	f.DurationVar(&b.opts.Time, "time", b.opts.Time, "time of one run, with the restoring of messages")
	f.IntVar(&b.opts.Count, "count", b.opts.Count, "runs of each node and size of batch, of which the median is shown")
	f.IntVar(&b.traffic.Conns, "conns", b.traffic.Conns, "connections of the load")
	f.IntVar(&b.traffic.Depth, "depth", b.traffic.Depth, "requests in flight on each connection")
	f.IntVar(&b.traffic.Message, "message", b.traffic.Message, "bytes of a request's payload, or of a value")
	f.StringVar(&b.format, "format", "text", "text, or go for benchstat")
	f.BoolVar(&b.list, "list", false, "list the nodes that can be measured, and do nothing else")
}

func (b *benching) complete(c *cobra.Command) {
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "go"}, cobra.ShellCompDirectiveNoFileComp))
}

// run measures a subject, or lists its nodes.
func (b *benching) run(c *cobra.Command, s bench.Subject, nodes []string) error {
	if b.list {
		known, err := bench.Nodes(s)
		if err != nil {
			return err
		}
		return b.names(c, known)
	}
	b.opts.Nodes = nodes
	b.opts.Progress = bench.ProgressLine(c.ErrOrStderr(), term.IsTerminal(int(os.Stderr.Fd())))
	res, err := bench.Run(c.Context(), s, b.opts)
	if err != nil {
		if _, ok := errors.AsType[*bench.UnknownError](err); ok {
			return &exitError{exitUsage, err}
		}
		return err
	}
	res.Assembly = c.Name()
	if b.format == "go" {
		return res.WriteGo(c.OutOrStdout())
	}
	return show(c, res)
}

// check refuses what makes no sense before anything is opened.
func (b *benching) check(c *cobra.Command) error {
	err := b.opts.Validate()
	switch {
	case b.format != "text" && b.format != "go":
		err = errors.Join(err, fmt.Errorf("there is no format %q; choose text, go", b.format))
	case b.format == "go" && asJSON(c):
		err = errors.Join(err, errors.New("--format go and --json are two formats; choose one"))
	}
	if err != nil {
		return &exitError{exitUsage, err}
	}
	return nil
}

func (b *benching) names(c *cobra.Command, nodes []pipeline.Recorded) error {
	if asJSON(c) {
		type named struct {
			Name string `json:"name"`
			Kind string `json:"kind"`
		}
		var all []named
		for _, n := range nodes {
			all = append(all, named{n.Name, n.Kind})
		}
		return json.NewEncoder(c.OutOrStdout()).Encode(all)
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, n := range nodes {
		fmt.Fprintf(w, "%s\t%s\n", n.Name, n.Kind)
	}
	return w.Flush()
}

// benchTCP measures the server that leat tcp runs with the same settings.
func benchTCP(conf *configuration, cfg *assembly.TCP, flags *pflag.FlagSet) *cobra.Command {
	var b benching
	c := &cobra.Command{
		Use:   "tcp [node ...]",
		Short: "Measure the nodes of the server that leat tcp would run with the same settings",
		RunE: func(c *cobra.Command, nodes []string) error {
			if err := b.check(c); err != nil {
				return err
			}
			if _, err := conf.loadTCP(cfg); err != nil {
				return err
			}
			s, err := bench.TCP(*cfg, b.traffic, logger())
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return b.run(c, s, nodes)
		},
	}
	b.flags(c.Flags())
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name != "listen" && f.Name != "batch" { // it listens where it likes, and batch is that of the measurement
			c.Flags().AddFlag(f)
		}
	})
	conf.fileFlag(c.Flags())
	completeWords(c, tcpWords)
	b.complete(c)
	return c
}
