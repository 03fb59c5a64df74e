package assembly

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/leat-io/leat/cmd/leat/redis"
	"github.com/leat-io/leat/internal/preface"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/stage"
)

// everyName is the pattern of the servers that serve whoever asks for no name that others have.
const everyName = "*"

// A fleet is the servers of a tunnel by the names that clients ask for: a pool for each pattern. It is a stage.Upstream whose
// servers and names may change while it is used.
type fleet struct {
	make  func(redis.List) (*pool.Pool, error)
	pools map[string]*pool.Pool // by pattern; touched by apply alone
	names atomic.Pointer[preface.Names[*pool.Pool]]
	found *pool.Pool // whose servers are not configured, but found; nil for none
}

// newFleet makes one without servers.
func newFleet(make func(redis.List) (*pool.Pool, error)) *fleet {
	f := &fleet{make: make, pools: map[string]*pool.Pool{}}
	f.names.Store(&preface.Names[*pool.Pool]{})
	return f
}

// find has the servers of all other names be those that are found.
func (f *fleet) find(r *RunningProxy, at Discovery) error {
	f.found = f.pools[everyName]
	return r.find(at, f.found)
}

// errNoName is of a client that asks for a name that nobody serves.
var errNoName = errors.New("no server has the name that the client asks for: give one to --names, or servers for all others to --servers")

// Route implements stage.Upstream.
func (f *fleet) Route(a *stage.Accepted, failed stage.Route) (stage.Route, error) {
	name := ""
	if a.Hello != nil {
		name = a.Hello.ServerName
	}
	p, ok := f.names.Load().Match(name)
	if !ok {
		return nil, errNoName
	}
	return p.Route(a, failed)
}

// apply makes the servers of each pattern those that there are. Connections to servers that go stay until they end. What is wrong
// is an error, and then the names stay as they are.
func (f *fleet) apply(want Names) error {
	next := map[string]*pool.Pool{}
	var names preface.Names[*pool.Pool]
	var made []*pool.Pool
	fail := func(pattern string, err error) error {
		for _, p := range made {
			shut(p)
		}
		return fmt.Errorf("the servers of %s: %w", pattern, err)
	}
	for _, w := range want {
		p := f.pools[w.Pattern]
		if p == nil {
			var err error
			if p, err = f.make(w.Servers); err != nil {
				return fail(w.Pattern, err)
			}
			made = append(made, p)
		}
		next[w.Pattern] = p
		if err := names.Add(w.Pattern, p); err != nil {
			return fail(w.Pattern, err)
		}
	}
	for _, w := range want { // when nothing else can fail
		if p := f.pools[w.Pattern]; p != nil && p != f.found {
			if err := p.Apply(redis.Backends(w.Servers)); err != nil {
				return fail(w.Pattern, err)
			}
		}
	}
	old := f.pools
	f.pools = next
	f.names.Store(&names)
	for pattern, p := range old {
		if next[pattern] == nil {
			shut(p)
		}
	}
	return nil
}

// close stops the checks of all servers.
func (f *fleet) close() {
	for _, p := range f.pools {
		shut(p)
	}
}

// shut closes a pool of which no connection is in use.
func shut(p *pool.Pool) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.Close(ended)
}
