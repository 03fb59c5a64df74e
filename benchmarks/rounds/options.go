package rounds

import (
	"flag"
	"fmt"
	"regexp"
)

// Options say what of a comparison is measured, and how often.
type Options struct {
	Rounds int            // for each row
	Rows   *regexp.Regexp // what the names of rows match that are measured

	pattern string
}

// Flags declares the options with their default and an example of a pattern.
func (o *Options) Flags(f *flag.FlagSet, rounds int, example string) {
	f.IntVar(&o.Rounds, "rounds", rounds, "rounds for each row")
	f.StringVar(&o.pattern, "rows", "", "rows to measure, a regular expression such as "+example+"; all when empty")
}

// Parse reads arguments, which are the flags that were declared and nothing else.
func (o *Options) Parse(f *flag.FlagSet, args []string) (err error) {
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 || o.Rounds < 1 {
		return fmt.Errorf("no arguments besides flags, and at least one round; have %q", args)
	}
	o.Rows, err = regexp.Compile(o.pattern)
	return err
}
