package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leat-io/leat/cmd/leat/doctor"
	"github.com/leat-io/leat/sources/tcp"
)

func doctorCommand() *cobra.Command {
	var conns int
	var strict bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Say what limits a server on this machine, and what to do about it",
		Long: `Look at the limits of the process, the settings of the kernel and what a container allows, and say for each what
follows from it and what to do. Nothing is changed.

ok is enough; low works, slower or smaller than it could; bad keeps a server of --conns connections from its work;
unseen cannot be had here. With --strict the exit status is 3 when something is bad.`,
		Example: `  leat doctor --conns 100000
  leat doctor --strict --json`,
		RunE: func(c *cobra.Command, _ []string) error {
			if conns < 1 || conns > 1<<20 {
				return &exitError{exitUsage, fmt.Errorf("connections must be between 1 and %d, not %d", 1<<20, conns)}
			}
			found := doctor.Here().Examine(conns)
			var err error
			if asJSON(c) {
				err = json.NewEncoder(c.OutOrStdout()).Encode(found)
			} else {
				err = doctor.WriteText(c.OutOrStdout(), found)
			}
			if err == nil && strict && doctor.Worst(found) == doctor.Bad {
				return &exitError{exitExpect, errors.New("something is bad")}
			}
			return err
		},
	}
	c.Flags().IntVar(&conns, "conns", tcp.DefaultMaxConns, "connections of the server to have in mind")
	c.Flags().BoolVar(&strict, "strict", false, "fail when something is bad")
	return c
}
