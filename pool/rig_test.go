package pool_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
)

// A plant is a set of backends in memory. What is dialed is one end of a net.Pipe, of which it keeps the other.
type plant struct {
	mu    sync.Mutex
	delay time.Duration
	err   error
	only  string // the address that answers, if it is not all
	dials int
	busy  int // dials at this moment
	most  int // and the most of them
	far   []net.Conn
}

func (w *plant) dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	w.dials++
	w.busy++
	w.most = max(w.most, w.busy)
	delay := w.delay
	w.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy--
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if w.err != nil {
		return nil, w.err
	}
	if w.only != "" && w.only != address {
		return nil, errRefused
	}
	near, far := net.Pipe()
	w.far = append(w.far, far)
	return near, nil
}

func (w *plant) set(f func(w *plant)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w)
}

func (w *plant) dialed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dials
}

func (w *plant) busiest() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.most
}

var errRefused = errors.New("refused")

func backends(names ...string) (list []balance.Backend) {
	for _, n := range names {
		list = append(list, balance.Backend{Name: n, Address: n + ":1"})
	}
	return list
}

// start returns a pool of one backend with limits changed by f.
func start(t testing.TB, w *plant, f func(l *pool.Limits), opts ...pool.Option) *pool.Pool {
	t.Helper()
	return startWith(t, w, backends("a"), f, opts...)
}

func startWith(t testing.TB, w *plant, list []balance.Backend, f func(l *pool.Limits), opts ...pool.Option) *pool.Pool {
	t.Helper()
	l := pool.DefaultLimits
	l.MaxLifetime, l.IdleTimeout = 0, 0
	if f != nil {
		f(&l)
	}
	p, err := pool.New(list, balance.RoundRobin(), append([]pool.Option{pool.WithLimits(l), pool.Dialer(w.dial)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func get(t testing.TB, p *pool.Pool) *pool.Conn {
	t.Helper()
	c, err := p.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func closeNow(t testing.TB, p *pool.Pool) {
	t.Helper()
	if err := p.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// one is what a pool of one backend has counted.
func one(t testing.TB, p *pool.Pool) pool.BackendStats {
	t.Helper()
	s := p.Stats()
	if len(s.Backends) != 1 {
		t.Fatalf("%d backends", len(s.Backends))
	}
	return s.Backends[0]
}
