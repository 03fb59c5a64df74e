// Package config gives the flags of a command their values: from the command line, from the environment, from a file, or
// their defaults.
//
//	flags := pflag.NewFlagSet("tcp", pflag.ContinueOnError)
//	flags.StringVar(&listen, "listen", "127.0.0.1:8080", "address to listen on")
//	flags.Parse(os.Args[1:])
//	settings, err := config.Schema{{Name: "tcp", Flags: flags}}.Load(config.Sources{File: "leat.yaml", Environ: os.Environ()})
//
// A flag is declared once. The key of a file and the name of a variable follow from its name:
//
//	--max-conns 500              on the command line comes before
//	LEAT_TCP_MAX_CONNS=500       in the environment, which comes before
//	tcp: {max-conns: 500}        in the file, which comes before the default
//
// Nothing that is set is ignored: a key that no flag has is an error, which names the nearest one that there is, and so is a
// value that does not fit, also where another source decides.
package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// A Section is the flags of one command, and the name under which a file and the environment know them.
type Section struct {
	Name  string
	Flags *pflag.FlagSet
}

// A Schema is all that may be set. A file may have sections of several commands; one command runs.
type Schema []Section

// Sources are where values come from, beside the command line.
type Sources struct {
	File    string   // path of a YAML file; empty for none
	Environ []string // as os.Environ returns it
}

// An Origin says where a value comes from.
type Origin string

// The origins, from the weakest to the strongest.
const (
	FromDefault Origin = "default"
	FromFile    Origin = "file"
	FromEnv     Origin = "env"
	FromFlag    Origin = "flag"
)

// A Setting is one flag with the value that it has in the end.
type Setting struct {
	Key    string `json:"key"` // section and flag, as in tcp.max-conns
	Value  string `json:"value"`
	Origin Origin `json:"origin"`
	From   string `json:"from,omitempty"` // the flag, the variable or the file

	flag *pflag.Flag
}

// Load sets every flag that was not given on the command line to what the environment or the file says. It returns all
// settings in the order of the sections, by name within each, or everything that is wrong, a line for each.
func (s Schema) Load(src Sources) (Settings, error) {
	var wrong []error
	note := func(errs ...error) { wrong = append(wrong, errs...) }
	file, err := openFile(src.File)
	if err != nil {
		return nil, err
	}
	note(s.strangers(file)...)
	env, errs := s.environment(src.Environ)
	note(errs...)

	var all Settings
	for _, sec := range s {
		sec.Flags.VisitAll(func(f *pflag.Flag) {
			set, err := resolve(sec.Name+"."+f.Name, f, file, env)
			all = append(all, set)
			note(err)
		})
	}
	note(all.readSecrets()...)
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return all, nil
}

// resolve applies the file first and the environment over it, so that a value that does not fit is seen wherever it stands,
// and puts what the command line has said over both.
func resolve(key string, f *pflag.Flag, file, env layer) (Setting, error) {
	given := keep(f)
	s := Setting{Key: key, Origin: FromDefault, flag: f}
	var wrong []error
	if file.values.Exists(key) {
		s.Origin, s.From = FromFile, file.name
		if t, ok := f.Value.(Tree); ok {
			wrong = append(wrong, file.plant(t, key)...)
		} else {
			wrong = append(wrong, assign(f, file.values.Get(key), file.at(key)+": "+key, false))
		}
	}
	if env.values.Exists(key) {
		s.Origin, s.From = FromEnv, variable(key)
		wrong = append(wrong, assign(f, env.values.Get(key), s.From, true))
	}
	if f.Changed {
		s.Origin, s.From = FromFlag, "--"+f.Name
		given()
	}
	s.Value = f.Value.String()
	return s, errors.Join(wrong...)
}

// keep remembers the value of a flag; what it returns gives the flag that value again.
func keep(f *pflag.Flag) (restore func()) {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		was := list.GetSlice()
		return func() { _ = list.Replace(was) } // it had them
	}
	was := f.Value.String()
	return func() { _ = f.Value.Set(was) }
}

// variable is the name of the environment's variable for a key.
func variable(key string) string {
	return prefix + strings.NewReplacer(".", "_", "-", "_").Replace(strings.ToUpper(key))
}

// known returns all keys.
func (s Schema) known() (keys []string) {
	for _, sec := range s {
		sec.Flags.VisitAll(func(f *pflag.Flag) { keys = append(keys, sec.Name+"."+f.Name) })
	}
	return keys
}

// section returns the section of a name.
func (s Schema) section(name string) (Section, bool) {
	for _, sec := range s {
		if sec.Name == name {
			return sec, true
		}
	}
	return Section{}, false
}

// unknown is the error for a key that no flag has.
func unknown(where, key string, known []string) error {
	if near := Nearest(key, known); near != "" {
		return fmt.Errorf("%s: there is no %s; the nearest is %s", where, key, near)
	}
	return fmt.Errorf("%s: there is no %s", where, key)
}
