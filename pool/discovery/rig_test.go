package discovery_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/discovery"
)

// A recorder takes down what a source finds.
type recorder struct {
	mu    sync.Mutex
	lists [][]balance.Backend
	errs  []string
}

func (r *recorder) found(list []balance.Backend, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.errs = append(r.errs, err.Error())
		return
	}
	r.lists = append(r.lists, list)
}

// last is the addresses that were found last with their weights left out, and how many lists there were.
func (r *recorder) last() (string, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lists) == 0 {
		return "", 0
	}
	return names(r.lists[len(r.lists)-1]), len(r.lists)
}

// wrong is the last error, and how many there were.
func (r *recorder) wrong() (string, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.errs) == 0 {
		return "", 0
	}
	return r.errs[len(r.errs)-1], len(r.errs)
}

func names(list []balance.Backend) string {
	var all []string
	for _, b := range list {
		if b.Name == "" {
			b.Name = b.Address
		}
		all = append(all, b.Name)
	}
	return strings.Join(all, " ")
}

// run has a source find until the test or the returned function ends it.
func run(t *testing.T, s discovery.Source) (*recorder, func()) {
	t.Helper()
	r := &recorder{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, r.found) }()
	return r, sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%v ended with %v", s, err)
		}
	})
}

// A script is a source that finds what it is told.
type script struct {
	name  string
	found func([]balance.Backend, error)
	begun chan struct{}
	end   chan error
}

func newScript(name string) *script {
	return &script{name: name, begun: make(chan struct{}), end: make(chan error, 1)}
}

func (s *script) Run(ctx context.Context, found func([]balance.Backend, error)) error {
	s.found = found
	close(s.begun)
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.end:
		return err
	}
}

func (s *script) String() string { return s.name }

// finds has the script find the backends at some addresses.
func (s *script) finds(addresses ...string) { s.found(at(addresses...), nil) }

func at(addresses ...string) []balance.Backend {
	list := []balance.Backend{}
	for _, a := range addresses {
		list = append(list, balance.Backend{Address: a})
	}
	return list
}

// A journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) logger() *slog.Logger { return slog.New(slog.NewTextHandler(j, nil)) }

// count is in how many lines there is s.
func (j *journal) count(s string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), s)
}

// A target takes what is applied.
type target struct {
	mu      sync.Mutex
	applied []string
	refuse  error
}

func (g *target) apply(list []balance.Backend) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refuse != nil {
		return g.refuse
	}
	g.applied = append(g.applied, names(list))
	return nil
}

func (g *target) is(want ...string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Equal(g.applied, want)
}
