package discovery

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/leat-io/leat/pool/balance"
)

// Join makes one source of several: its list is theirs, one after the other. There is none before each of them has found a list or
// said why it cannot. Two backends of one name are an error, which leaves the list before that in force.
func Join(sources ...Source) Source { return joined(sources) }

type joined []Source

func (j joined) String() string {
	all := make([]string, len(j))
	for i, s := range j {
		all[i] = s.String()
	}
	return strings.Join(all, " and ")
}

// Run ends when each of them has, or the first with an error.
func (j joined) Run(ctx context.Context, found func([]balance.Backend, error)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	m := &merger{sources: j, lists: make([][]balance.Backend, len(j)), heard: make([]bool, len(j)), found: found}
	var running sync.WaitGroup
	for i, s := range j {
		running.Go(func() {
			if err := s.Run(ctx, func(list []balance.Backend, err error) { m.report(i, list, err) }); err != nil {
				cancel(&endedError{fmt.Errorf("%v: %w", s, err)})
			}
		})
	}
	running.Wait()
	if e, ok := context.Cause(ctx).(*endedError); ok {
		return e.error
	}
	return nil
}

// An endedError is why one of several sources has ended, in contrast to why the context of all did.
type endedError struct{ error }

// A merger puts lists together.
type merger struct {
	sources joined

	mu    sync.Mutex
	lists [][]balance.Backend // guarded by mu: of each source
	heard []bool              // guarded by mu: whether it has said anything
	found func([]balance.Backend, error)
}

// report is what a source found.
func (m *merger) report(i int, list []balance.Backend, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := !m.heard[i]
	m.heard[i] = true
	if err != nil {
		m.found(nil, fmt.Errorf("%v: %w", m.sources[i], err))
	} else {
		m.lists[i] = list
	}
	if (first || err == nil) && !slices.Contains(m.heard, false) {
		m.found(m.merge())
	}
}

// merge is the lists one after the other. The lock is held.
func (m *merger) merge() ([]balance.Backend, error) {
	all := []balance.Backend{}
	of := map[string]int{}
	for i, list := range m.lists {
		for _, b := range list {
			if j, twice := of[nameOf(b)]; twice {
				return nil, fmt.Errorf("two backends have the name %q, of %v and of %v: give each one of its own", nameOf(b), m.sources[j], m.sources[i])
			}
			of[nameOf(b)] = i
			all = append(all, b)
		}
	}
	return all, nil
}
