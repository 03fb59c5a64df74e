package rounds

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
)

// A Trial is an Outcome of candidates that may fail.
type Trial[S any] struct {
	Runs   Outcome[S]
	Failed map[string]string // why a candidate is not among them
}

// Try runs the candidates in turn. Whoever fails is left out from then on; the others go on. It says at the end who that was.
func (r Row[S]) Try(ctx context.Context, rounds int) (t Trial[S], err error) {
	t = Trial[S]{make(Outcome[S]), make(map[string]string)}
	for i := range rounds {
		for j := range r.Entries {
			e := r.Entries[(i+j)%len(r.Entries)]
			if _, failed := t.Failed[e.Name]; failed {
				continue
			}
			s, err := e.Run()
			if ctx.Err() != nil {
				return t, ctx.Err()
			}
			if err != nil {
				t.Failed[e.Name] = err.Error()
				delete(t.Runs, e.Name)
				continue
			}
			t.Runs[e.Name] = append(t.Runs[e.Name], s)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Failed)) {
		fmt.Fprintf(os.Stderr, "%s: %s: %s\n", r.Name, name, t.Failed[name])
	}
	return t, nil
}
