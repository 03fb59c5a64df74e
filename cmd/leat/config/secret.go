package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"
)

// maxSecret bounds the file of a secret.
const maxSecret = 4 << 10

// SecretVar declares something that nobody may see. It comes from a variable or from a file, which the flag name-file names;
// never from the command line, which every user of the machine can read, nor from the file of the configuration, which many
// can. Where it would be printed stands "set".
func SecretVar(f *pflag.FlagSet, p *string, name, usage string) {
	f.Var(&secret{value: p}, name, usage)
	f.Lookup(name).Hidden = true
	f.String(name+fileOf, "", "file that holds "+usage)
}

// fileOf ends the name of the flag that names a secret's file.
const fileOf = "-file"

type secret struct{ value *string }

func (s *secret) String() string {
	if s.value == nil || *s.value == "" {
		return ""
	}
	return "set"
}

// Set implements pflag.Value, which knows nothing of where the text comes from: the command line is refused here.
func (*secret) Set(string) error { return errors.New("a secret does not belong on the command line") }

func (*secret) Type() string { return "secret" }

// errSecret says where the secret of a flag belongs.
func errSecret(flag string) error {
	return fmt.Errorf("%s may be seen here by others; put it into a file of its own and name that with %s%s, or into the environment", flag, flag, fileOf)
}

var errEmpty = errors.New("it is empty")

func (s *secret) reveal(text string) error {
	if text == "" {
		return errEmpty
	}
	*s.value = text
	return nil
}

// readSecrets reads the files of secrets. A variable and a file for the same secret are ranked as the places where they were
// named; of one rank they contradict each other.
func (all Settings) readSecrets() (wrong []error) {
	for i := range all {
		sec, ok := all[i].flag.Value.(*secret)
		if !ok {
			continue
		}
		f := all.find(all[i].Key + fileOf)
		switch {
		case f == nil || f.Value == "" || rank(f.Origin) < rank(all[i].Origin):
			continue
		case f.Origin == all[i].Origin:
			wrong = append(wrong, fmt.Errorf("%s and %s both give %s; which one counts?", all[i].From, f.From, all[i].Key))
			continue
		}
		if err := sec.read(f.Value); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %s cannot be had from a file: %w", f.From, all[i].Key, err))
			continue
		}
		all[i].Value, all[i].Origin, all[i].From = sec.String(), f.Origin, f.Value
	}
	return wrong
}

func rank(o Origin) int { return slices.Index([]Origin{FromDefault, FromFile, FromEnv, FromFlag}, o) }

// read takes the contents of a file.
func (s *secret) read(path string) error {
	text, err := ReadSecret(path)
	if err == nil {
		*s.value = text
	}
	return err
}

// ReadSecret returns the contents of a file, without the end of the line that editors put there. An empty one is an error.
func ReadSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := readBounded(f, maxSecret)
	if err == nil {
		b = bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
		if len(b) == 0 {
			err = errEmpty
		}
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return string(b), nil
}
