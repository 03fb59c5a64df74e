package redis

import (
	"strings"
	"testing"
)

func TestEveryCommandIsFoundInAnyCase(t *testing.T) {
	for name, s := range table {
		for _, word := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
			if lookup([]byte(word)) != s {
				t.Errorf("%q is not found", word)
			}
		}
		if len(name) > longest {
			t.Errorf("%q is longer than %d bytes", name, longest)
		}
		for i := range name { // neighbours in the table of characters, and control characters, are not letters
			b := []byte(name)
			for _, not := range []byte{b[i] ^ 0x40, b[i] ^ 0x20, b[i] | 0x80, b[i] & 0x1f, ' ', 0} {
				if b[i] = not; lookup(b) != nil && !strings.EqualFold(string(b), lookup(b).Name) {
					t.Errorf("%q is taken for %q", b, lookup(b).Name)
				}
			}
		}
	}
	for _, s := range []string{"", "nosuch", "get\x00", "ge", "gett", strings.Repeat("x", longest+1), "{et"} {
		if c := lookup([]byte(s)); c != nil {
			t.Errorf("%q is taken for %q", s, c.Name)
		}
	}
}
