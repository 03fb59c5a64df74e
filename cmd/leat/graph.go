package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
)

func graphCommand(conf *configuration, cfg *assembly.TCP, flags *pflag.FlagSet) *cobra.Command {
	var format string
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
			p, out := s.Pipeline, c.OutOrStdout()
			if asJSON(c) {
				return json.NewEncoder(out).Encode(p.Graph())
			}
			switch format {
			case "text":
				fmt.Fprint(out, p)
			case "mermaid":
				fmt.Fprint(out, p.Mermaid())
			case "dot":
				fmt.Fprint(out, p.DOT())
			default:
				return &exitError{exitUsage, fmt.Errorf("there is no format %q; choose text, mermaid, dot", format)}
			}
			return nil
		},
	}
	c.Flags().AddFlagSet(flags)
	conf.fileFlag(c.Flags())
	completeWords(c)
	c.Flags().StringVar(&format, "format", "text", "text, mermaid or dot")
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "mermaid", "dot"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}
