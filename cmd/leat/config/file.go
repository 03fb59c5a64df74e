package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// maxFile bounds what is read of a configuration: a hundred times what setting every flag of every command takes.
const maxFile = 1 << 20

// A layer is the values of one source under their keys, and the name of the source.
type layer struct {
	values *koanf.Koanf
	name   string
	places map[string]Field // of a file, by key
}

// openFile reads a YAML file. Without a path it is empty.
func openFile(path string) (layer, error) {
	l := layer{koanf.New("."), path, nil}
	if path == "" {
		return l, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return l, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	defer f.Close()
	b, err := readBounded(f, maxFile)
	if err != nil {
		return l, fmt.Errorf("the configuration %s cannot be read: %w", path, err)
	}
	if err := l.parse(b); err != nil {
		return l, fmt.Errorf("%s: %w", path, err)
	}
	if l.places, err = places(b); err != nil {
		return l, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// errTooLong is returned for a file of which not everything may be read.
var errTooLong = errors.New("it is too long")

func readBounded(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%w: the limit is %s", errTooLong, Bytes(most))
	}
	return b, err
}

func (l layer) parse(b []byte) error {
	if documents(b) > 1 {
		return errors.New("it holds several YAML documents, of which only the first would count")
	}
	return l.values.Load(contents(b), yaml.Parser())
}

// documents counts the documents of a YAML stream: all but the first begin with a line of three hyphens.
func documents(b []byte) int {
	n, content := 1, false
	for line := range bytes.Lines(b) {
		line = bytes.TrimRight(line, " \t\r\n")
		switch {
		case bytes.Equal(line, []byte("---")) || bytes.HasPrefix(line, []byte("--- ")):
			if content {
				n++
			}
			content = true
		case len(line) > 0 && line[0] != '#' && line[0] != '%':
			content = true
		}
	}
	return n
}

// contents are bytes that have been read already, as a provider of koanf.
type contents []byte

func (c contents) ReadBytes() ([]byte, error) { return c, nil }

func (contents) Read() (map[string]any, error) { return nil, errors.ErrUnsupported }

// strangers returns an error for everything in a file that is not of the schema.
func (s Schema) strangers(file layer) (wrong []error) {
	raw := file.values.Raw()
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		sec, ok := s.section(name)
		if !ok {
			wrong = append(wrong, unknown(file.at(name), name, append(s.names(), s.known()...)))
			continue
		}
		keys, ok := raw[name].(map[string]any)
		if !ok && raw[name] != nil {
			wrong = append(wrong, fmt.Errorf("%s: %s is %q; wanted the settings of leat %s", file.at(name), name, fmt.Sprint(raw[name]), name))
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			if sec.Flags.Lookup(key) == nil {
				wrong = append(wrong, unknown(file.at(name+"."+key), name+"."+key, sec.keys()))
			}
		}
	}
	return wrong
}

func (s Schema) names() (names []string) {
	for _, sec := range s {
		names = append(names, sec.Name)
	}
	return names
}

func (s Section) keys() (keys []string) {
	s.Flags.VisitAll(func(f *pflag.Flag) { keys = append(keys, s.Name+"."+f.Name) })
	return keys
}
