package main

import (
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
)

// graphMuxCommand draws the servers of the mux.
func graphMuxCommand(conf *configuration) *cobra.Command {
	c := &cobra.Command{
		Use:   "mux",
		Short: "Draw the assemblies that leat mux would run with the same settings",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	serve, gateway := assembly.DefaultMux(), assembly.DefaultMuxGateway()
	ofServe, ofGateway := pflag.NewFlagSet("mux-serve", pflag.ContinueOnError), pflag.NewFlagSet("mux-gateway", pflag.ContinueOnError)
	muxServeFlags(ofServe, &serve)
	muxGatewayFlags(ofGateway, &gateway)
	c.AddCommand(
		graphOfMux(conf, "serve", ofServe, muxServeWords, func() assembler { return &serve }),
		graphOfMux(conf, "gateway", ofGateway, muxGatewayWords, func() assembler { gateway.Suit(); return &gateway }))
	return c
}

func graphOfMux(conf *configuration, name string, flags *pflag.FlagSet, words map[string][]string, cfg func() assembler) *cobra.Command {
	var d drawing
	c := &cobra.Command{
		Use:   name,
		Short: "Draw the assembly that leat mux " + name + " would run with the same settings",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := conf.loadInto("mux-"+name, flags); err != nil {
				return err
			}
			m, err := cfg().Assemble(slog.New(slog.DiscardHandler))
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return d.draw(c, m.Pipeline)
		},
	}
	c.Flags().AddFlagSet(flags)
	conf.fileFlag(c.Flags())
	completeWords(c, words)
	d.flags(c)
	return c
}
