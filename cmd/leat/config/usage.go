package config

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"
)

// Explain says what is wrong on the command line in the words in which Load says it of the other sources. Errors that pflag
// gave are understood; others are returned as they are.
func Explain(err error, flags *pflag.FlagSet) error {
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		f := e.GetFlag()
		if _, ok := f.Value.(*secret); ok {
			return fmt.Errorf("--%s: %w", f.Name, errSecret(f.Name))
		}
		return misfit(e.Unwrap(), "--"+f.Name, e.GetValue(), f)
	}
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok && len(e.GetSpecifiedName()) > 1 {
		var names []string
		flags.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, "--"+f.Name)
			}
		})
		return unknown("the command line", "--"+e.GetSpecifiedName(), names)
	}
	return err
}
