//go:build linux

package measure

import (
	"fmt"
	"strings"
)

// Choose keeps those whose names are in a list separated by commas, in their own order; all when it is empty. A name that
// none of them has is an error, which calls it a what.
func Choose[C any](all []C, name func(C) string, what, list string) (chosen []C, err error) {
	if list == "" {
		return all, nil
	}
	wanted := make(map[string]bool)
	for n := range strings.SplitSeq(list, ",") {
		wanted[strings.TrimSpace(n)] = true
	}
	for _, c := range all {
		if wanted[name(c)] {
			chosen = append(chosen, c)
			delete(wanted, name(c))
		}
	}
	for n := range wanted {
		return nil, fmt.Errorf("there is no %s %q", what, n)
	}
	return chosen, nil
}
