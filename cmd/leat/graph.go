package main

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/pipeline"
)

func graphCommand(conf *configuration, cfg *assembly.TCP, flags *pflag.FlagSet) *cobra.Command {
	var d drawing
	c := &cobra.Command{
		Use:   "graph",
		Short: "Draw the assembly that leat tcp would run with the same settings",
		Example: `  leat graph --workers 4 --app upper
  leat graph --workers 4 --format dot | dot -Tsvg > graph.svg`,
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := conf.loadTCP(cfg); err != nil {
				return err
			}
			s, err := cfg.Assemble()
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return d.draw(c, s.Pipeline)
		},
	}
	c.Flags().AddFlagSet(flags)
	conf.fileFlag(c.Flags())
	completeWords(c, tcpWords)
	d.flags(c)
	return c
}

// graphUDPCommand draws the other server.
func graphUDPCommand(conf *configuration, cfg *assembly.UDP, flags *pflag.FlagSet) *cobra.Command {
	var d drawing
	c := &cobra.Command{
		Use:     "udp",
		Short:   "Draw the assembly that leat udp would run with the same settings",
		Example: `  leat graph udp --app statsd --workers 2 --format mermaid`,
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := conf.loadUDP(cfg); err != nil {
				return err
			}
			s, err := cfg.Assemble()
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return d.draw(c, s.Pipeline)
		},
	}
	c.Flags().AddFlagSet(flags)
	conf.fileFlag(c.Flags())
	completeWords(c, udpWords())
	d.flags(c)
	return c
}

// graphProxyCommand draws a proxy.
func graphProxyCommand(conf *configuration) *cobra.Command {
	var d drawing
	cfg := assembly.DefaultProxy()
	flags := pflag.NewFlagSet("proxy", pflag.ContinueOnError)
	proxyFlags(flags, &cfg)
	c := &cobra.Command{
		Use:     "proxy",
		Short:   "Draw the assembly that leat proxy would run with the same settings",
		Example: `  leat graph proxy --mode frame --servers 127.0.0.1:8080 --format mermaid`,
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := conf.loadProxyInto(&cfg, flags); err != nil {
				return err
			}
			if len(cfg.Servers) == 0 {
				cfg.StandIn() // how many there are is not drawn
			}
			p, err := cfg.Assemble(slog.New(slog.DiscardHandler))
			if err != nil {
				return &exitError{exitUsage, err}
			}
			defer p.Close()
			return d.draw(c, p.Pipeline)
		},
	}
	c.Flags().AddFlagSet(flags)
	conf.fileFlag(c.Flags())
	completeWords(c, proxyWords)
	d.flags(c)
	return c
}

// A drawing is a graph in the format that was asked for.
type drawing struct{ format string }

func (d *drawing) flags(c *cobra.Command) {
	c.Flags().StringVar(&d.format, "format", "text", "text, mermaid or dot")
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "mermaid", "dot"}, cobra.ShellCompDirectiveNoFileComp))
}

func (d *drawing) draw(c *cobra.Command, p *pipeline.Pipeline) error {
	out := c.OutOrStdout()
	if asJSON(c) {
		return json.NewEncoder(out).Encode(p.Graph())
	}
	switch d.format {
	case "text":
		fmt.Fprint(out, p)
	case "mermaid":
		fmt.Fprint(out, p.Mermaid())
	case "dot":
		fmt.Fprint(out, p.DOT())
	default:
		return &exitError{exitUsage, fmt.Errorf("there is no format %q; choose text, mermaid, dot", d.format)}
	}
	return nil
}
