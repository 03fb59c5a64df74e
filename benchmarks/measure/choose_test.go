//go:build linux

package measure

import (
	"slices"
	"testing"
)

func TestThoseThatAreNamedAreChosenInTheirOwnOrder(t *testing.T) {
	all, same := []string{"a", "b", "c"}, func(s string) string { return s }
	for list, want := range map[string][]string{"": all, "c, a": {"a", "c"}, "b,b": {"b"}} {
		if got, err := Choose(all, same, "letter", list); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %v, %v", list, got, err)
		}
	}
	if _, err := Choose(all, same, "letter", "a,x"); err == nil || err.Error() != `there is no letter "x"` {
		t.Errorf("got %v", err)
	}
}
