package balance

import (
	"fmt"
	"slices"
)

// A roster is what consistent hashing is computed from: it stays the same while members only become available or cease to be.
type roster struct {
	members []*Member
	weights []float64
}

func newRoster(members []*Member) roster {
	r := roster{members: members}
	for _, m := range members {
		r.weights = append(r.weights, m.Weight())
	}
	return r
}

func (r roster) equal(other roster) bool {
	return slices.Equal(r.members, other.members) && slices.Equal(r.weights, other.weights)
}

// one is the parameter that was given, or the default.
func one[T any](given []T, otherwise T) T {
	if len(given) > 0 {
		return given[len(given)-1]
	}
	return otherwise
}

// parameter is the name of a policy, with its parameter if that is not the default.
func parameter[T comparable](name, what string, value, otherwise T) string {
	if value == otherwise {
		return name
	}
	return fmt.Sprintf("%s, %s %v", name, what, value)
}
