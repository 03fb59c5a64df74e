package config

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// assign sets a flag to a value of a file or, when env holds, of a variable. where names the place in errors.
func assign(f *pflag.Flag, v any, where string, env bool) error {
	if s, ok := f.Value.(*secret); ok {
		if !env {
			return fmt.Errorf("%s: %w", where, errSecret(f.Name))
		}
		if s.reveal(fmt.Sprint(v)) != nil {
			return fmt.Errorf("%s is empty; wanted %s", where, wanted(f))
		}
		return nil
	}
	if list, ok := f.Value.(pflag.SliceValue); ok {
		items, err := texts(v)
		if err == nil {
			err = list.Replace(items)
		}
		return misfit(err, where, v, f)
	}
	s, err := text(v)
	if err == nil {
		err = f.Value.Set(s)
	}
	return misfit(err, where, v, f)
}

// misfit says that a value is not what a flag takes, unless err is nil. Values that have a form of their own say what is wrong
// with it.
func misfit(err error, where string, v any, f *pflag.Flag) error {
	switch {
	case err == nil:
		return nil
	case v == nil:
		return fmt.Errorf("%s has no value; wanted %s", where, wanted(f))
	}
	if _, ok := f.Value.(wanter); ok && err != errShape {
		return fmt.Errorf("%s is %q: %w; wanted %s", where, fmt.Sprint(v), err, wanted(f))
	}
	return fmt.Errorf("%s is %q; wanted %s", where, fmt.Sprint(v), wanted(f))
}

// errShape is what text returns for a value that is no single one.
var errShape = errors.New("not a single value")

// text is a scalar of YAML as one would write it on a command line.
func text(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case int, int64, uint64:
		return fmt.Sprint(v), nil
	}
	return "", errShape
}

// texts are the items of a list: those of a YAML sequence, or of a line with commas between them.
func texts(v any) ([]string, error) {
	switch v := v.(type) {
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			var err error
			if items[i], err = text(item); err != nil {
				return nil, err
			}
		}
		return items, nil
	case string:
		if v == "" {
			return nil, nil
		}
		return csv.NewReader(strings.NewReader(v)).Read()
	}
	return nil, errShape
}

// A wanter is a value that describes what it takes.
type wanter interface{ Wanted() string }

// wanted describes what a flag takes.
func wanted(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "int", "int32", "int64":
		return "a whole number, such as 100"
	case "uint", "uint8", "uint16", "uint32", "uint64":
		return "a whole number that is not negative, such as 100"
	case "float32", "float64":
		return "a number, such as 0.5"
	case "bool":
		return "true or false"
	case "duration":
		return "a duration, such as 500ms, 30s or 1m30s"
	case "size":
		return "a size in bytes, such as 65536, 64KiB (1024 bytes each) or 64KB (1000 bytes each)"
	case "float64Slice":
		return "a list of numbers, such as 0.5,0.99"
	case "stringSlice", "stringArray":
		return "a list of words"
	case "secret":
		return "a password or the like"
	case "string":
		return "a word"
	}
	if w, ok := f.Value.(wanter); ok {
		return w.Wanted()
	}
	return "a value of type " + f.Value.Type()
}
