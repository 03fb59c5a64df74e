package config

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Settings are what a command runs with.
type Settings []Setting

// Chosen says whether anybody has set a key.
func (all Settings) Chosen(key string) bool {
	s := all.find(key)
	return s != nil && s.Origin != FromDefault
}

// Refresh shows the values that flags have now, when a command has given those that nobody has chosen other defaults. From
// says why.
func (all Settings) Refresh(from string) {
	for i := range all {
		if s := &all[i]; s.Origin == FromDefault && s.flag.Value.String() != s.Value {
			s.Value, s.From = s.flag.Value.String(), from
		}
	}
}

func (all Settings) find(key string) *Setting {
	for i := range all {
		if all[i].Key == key {
			return &all[i]
		}
	}
	return nil
}

// Of returns the settings of one section.
func (all Settings) Of(section string) (some Settings) {
	for _, s := range all {
		if len(s.Key) > len(section) && s.Key[:len(section)] == section && s.Key[len(section)] == '.' {
			some = append(some, s)
		}
	}
	return some
}

// WriteText writes one setting a line: the key, the value, and where it comes from.
func (all Settings) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range all {
		value := s.Value
		if value == "" {
			value = `""`
		}
		from := string(s.Origin)
		if s.From != "" {
			from += " " + s.From
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", s.Key, value, from)
	}
	return t.Flush()
}
