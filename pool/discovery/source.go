package discovery

import (
	"context"
	"fmt"
	"slices"

	"github.com/leat-io/leat/pool/balance"
)

// A Source finds backends.
type Source interface {
	// Run calls found with the whole list as soon as that is known, and again whenever it has changed; the same list again does no
	// harm. The list is from then on found's. Where the list cannot be known for now, it calls found with an error instead, which
	// leaves the list before that in force, and tries again in its own time. Calls do not overlap.
	//
	// Run returns nil when ctx has ended, or when nothing will change any more, and an error when it can never find anything.
	Run(ctx context.Context, found func([]balance.Backend, error)) error
	// String is what it asks, for the log: "dns cache.example.org:6379".
	String() string
}

// Static is a source with a list that does not change.
func Static(backends ...balance.Backend) Source { return static(slices.Clone(backends)) }

type static []balance.Backend

func (s static) Run(_ context.Context, found func([]balance.Backend, error)) error {
	found(slices.Clone(s), nil)
	return nil
}

func (s static) String() string { return fmt.Sprintf("a list of %d", len(s)) }

// nameOf is the name that a backend has in its set.
func nameOf(b balance.Backend) string {
	if b.Name == "" {
		return b.Address
	}
	return b.Name
}
