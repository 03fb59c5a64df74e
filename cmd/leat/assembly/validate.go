package assembly

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// word is an error if none of the words that are known is the one that a setting has.
func word(what, have string, known []string) error {
	if slices.Contains(known, have) {
		return nil
	}
	return fmt.Errorf("there is no %s %q; choose %s", what, have, strings.Join(known, ", "))
}

// within is an error if what a setting has is less than the least or more than the most.
func within[T cmp.Ordered](what string, have, least, most T) error {
	if have >= least && have <= most {
		return nil
	}
	return fmt.Errorf("%s must be between %v and %v, not %v", what, least, most, have)
}
