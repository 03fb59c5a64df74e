package balance

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNone is that no member of a set is available. The error of [Set.Pick] is a [*NoneError], which wraps it.
var ErrNone = errors.New("no backend is available")

// A NoneError says why no member is available. It counts each member once.
type NoneError struct {
	Members  int // in the set
	Draining int // kept from new requests, or of weight 0
	Down     int // not draining, and down
	Unfit    int // available, but not for this request: replicas that may not change anything, or members of other groups

	DownNames []string // of those that are down, at most four
}

// mostNames is how many of the members that are down an error names.
const mostNames = 4

func (e *NoneError) Error() string {
	switch {
	case e.Members == 0:
		return ErrNone.Error() + ": there are none"
	case e.Down == e.Members:
		return fmt.Sprintf("%v: all %d are down%s", ErrNone, e.Members, e.names())
	case e.Draining == e.Members:
		return fmt.Sprintf("%v: all %d are draining", ErrNone, e.Members)
	}
	return fmt.Sprintf("%v: of %d, %d are down%s, %d draining and %d not for this request", ErrNone, e.Members, e.Down, e.names(), e.Draining, e.Unfit)
}

func (e *NoneError) names() string {
	switch n := len(e.DownNames); {
	case n == 0:
		return ""
	case n < e.Down:
		return " (" + strings.Join(e.DownNames, ", ") + " and others)"
	}
	return " (" + strings.Join(e.DownNames, ", ") + ")"
}

// Unwrap is ErrNone.
func (e *NoneError) Unwrap() error { return ErrNone }

// why counts the members of each kind.
func why(members []*Member) error {
	e := &NoneError{Members: len(members)}
	for _, m := range members {
		switch {
		case m.Draining() || m.Weight() == 0:
			e.Draining++
		case !m.Available():
			if e.Down++; e.Down <= mostNames {
				e.DownNames = append(e.DownNames, m.Name)
			}
		default:
			e.Unfit++
		}
	}
	return e
}
