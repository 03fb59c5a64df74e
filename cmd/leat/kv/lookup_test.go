package kv

import (
	"strings"
	"testing"
)

func TestEveryCommandIsFoundInAnyCase(t *testing.T) {
	for name, c := range table {
		for _, s := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
			if lookup([]byte(s)) != c {
				t.Errorf("%q is not found", s)
			}
		}
		if len(name) > longest {
			t.Errorf("%q is longer than %d bytes", name, longest)
		}
		for i := range name { // neighbours in the table of characters, and control characters, are not letters
			b := []byte(name)
			for _, not := range []byte{b[i] ^ 0x40, b[i] | 0x80, b[i] & 0x1f, ' ', 0} {
				if b[i] = not; lookup(b) != nil && !strings.EqualFold(string(b), lookup(b).name) {
					t.Errorf("%q is taken for %q", b, lookup(b).name)
				}
			}
		}
	}
	for _, s := range []string{"", "nosuch", "get\x00", "ge", "gett", strings.Repeat("x", longest+1), "{et"} {
		if c := lookup([]byte(s)); c != nil {
			t.Errorf("%q is taken for %q", s, c.name)
		}
	}
}
