package main

import (
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/leat-io/leat/cmd/leat/demo"
)

func demoCommand() *cobra.Command {
	var serve bool
	var listen string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show the main job on embedded defaults, in less than half a minute",
		Long: `Start an upper-casing line server on the loopback interface, put load on it and show what its nodes do; then the same
load with the stage between reading and work swapped, and the ratios.

With --serve it only runs the server, for you to try.`,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg := demo.Config{
				Out: c.OutOrStdout(), Terminal: term.IsTerminal(int(os.Stdout.Fd())),
				JSON: asJSON(c), Listen: listen, Log: logger(),
			}
			if serve {
				return demo.Serve(c.Context(), cfg)
			}
			return demo.Run(c.Context(), cfg)
		},
	}
	c.Flags().BoolVar(&serve, "serve", false, "run the server until interrupted")
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address of --serve")
	return c
}
