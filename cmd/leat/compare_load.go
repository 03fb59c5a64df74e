package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/config"
	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/load/comparing"
	"github.com/leat-io/leat/pipeline/compare"
)

// notOfCompare are the flags of leat load that make no sense within a comparison.
var notOfCompare = []string{"address", "duration", "requests", "warmup", "expect", "plot", "compare", "label"}

// parseLoad reads the flags of --load.
func parseLoad(text string) (*loading, error) {
	args, err := fields(text)
	if err != nil {
		return nil, fmt.Errorf("--load: %w", err)
	}
	l := &loading{}
	flags := pflag.NewFlagSet("load", pflag.ContinueOnError)
	flags.SortFlags = false
	l.flags(flags)
	if err := flags.Parse(args); err != nil {
		return nil, fmt.Errorf("--load: %w; leat load --help lists the flags", config.Explain(err, flags))
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("--load: there is %q where a flag is wanted", flags.Arg(0))
	}
	var wrong []error
	flags.Visit(func(f *pflag.Flag) {
		if slices.Contains(notOfCompare, f.Name) {
			wrong = append(wrong, fmt.Errorf("--load: leat compare sets --%s itself", f.Name))
		}
	})
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	if !flags.Changed("profile") {
		l.cfg.Duration = time.Second // a stand-in: it is that of each run
	}
	if err := l.understand(flags); err != nil {
		return nil, fmt.Errorf("--load: %w", err)
	}
	return l, nil
}

// against is the load in the words of a server, unless the flags have said how to speak.
func (l *loading) against(d load.Config) compare.Load {
	c := l.cfg
	if c.Protocol == "" {
		c.Protocol = d.Protocol
	}
	if c.Reply == "" {
		c.Reply = d.Reply
	}
	if c.Request == "" && c.Protocol == d.Protocol {
		c.Request = d.Request
	}
	return comparing.With(c)
}

// fields splits a text at spaces, but not within quotation marks.
func fields(text string) (all []string, err error) {
	var word strings.Builder
	within, quote := false, rune(0)
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			within, quote = true, r
		case r == ' ' || r == '\t' || r == '\n':
			if within {
				all = append(all, word.String())
			}
			word.Reset()
			within = false
		default:
			within = true
			word.WriteRune(r)
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a %c is not closed", quote)
	}
	if within {
		all = append(all, word.String())
	}
	return all, nil
}
