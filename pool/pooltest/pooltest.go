// Package pooltest is a conformance suite for pools of connections, whatever the order of their idle ones and wherever they
// keep them.
package pooltest

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
)

// Conns is how many connections the pools of the suite may have open.
const Conns = 8

// Run checks pools of one backend with the options. The suite brings the dialer and the limits.
func Run(t *testing.T, opts ...pool.Option) {
	t.Run("a connection has one user at a time", func(t *testing.T) { exclusive(t, opts) })
	t.Run("no more are open than may be", func(t *testing.T) { bounded(t, opts) })
	t.Run("what was given back is used again", func(t *testing.T) { reused(t, opts) })
	t.Run("who waits is served in turn", func(t *testing.T) { inTurn(t, opts) })
	t.Run("who leaves loses nothing", func(t *testing.T) { leaving(t, opts) })
	t.Run("what breaks is replaced", func(t *testing.T) { broken(t, opts) })
}

// A plant dials connections on which nothing happens, and counts them.
type plant struct {
	open, most, dials atomic.Int64
}

type conn struct {
	net.Conn
	of   *plant
	once sync.Once
}

func (c *conn) Close() error {
	c.once.Do(func() { c.of.open.Add(-1) })
	return nil
}

// SetDeadline is for pools that limit the time of a preparation.
func (c *conn) SetDeadline(time.Time) error { return nil }

func (w *plant) dial(context.Context, string, string) (net.Conn, error) {
	w.dials.Add(1)
	n := w.open.Add(1)
	for m := w.most.Load(); n > m && !w.most.CompareAndSwap(m, n); m = w.most.Load() {
	}
	return &conn{of: w}, nil
}

// start returns a pool, and closes it with the test: then nothing may be open.
func start(t *testing.T, opts []pool.Option, conns int) (*pool.Pool, *plant) {
	t.Helper()
	w := &plant{}
	l := pool.DefaultLimits
	l.MaxOpen, l.MaxIdle = conns, conns
	all := append([]pool.Option{pool.WithLimits(l), pool.Dialer(w.dial)}, opts...)
	p, err := pool.New([]balance.Backend{{Name: "a", Address: "a:1"}}, balance.RoundRobin(), all...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if n := w.open.Load(); n != 0 {
			t.Errorf("%d connections are open after the end", n)
		}
	})
	return p, w
}

func get(t *testing.T, p *pool.Pool) *pool.Conn {
	t.Helper()
	c, err := p.Get(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// storm has many goroutines get connections, use them and give them back.
func storm(t *testing.T, p *pool.Pool, use func(c *pool.Conn)) {
	var wg sync.WaitGroup
	for range 4 * Conns {
		wg.Go(func() {
			for range 300 {
				c, err := p.Get(context.Background())
				if err != nil {
					t.Error(err)
					return
				}
				use(c)
				p.Put(c)
			}
		})
	}
	wg.Wait()
}

func exclusive(t *testing.T, opts []pool.Option) {
	p, _ := start(t, opts, Conns)
	var users sync.Map // of each connection
	storm(t, p, func(c *pool.Conn) {
		n, _ := users.LoadOrStore(c, new(atomic.Int32))
		if n.(*atomic.Int32).Add(1) != 1 {
			t.Error("two have one connection")
		}
		if rand.IntN(8) == 0 {
			time.Sleep(time.Microsecond)
		}
		n.(*atomic.Int32).Add(-1)
	})
}

func bounded(t *testing.T, opts []pool.Option) {
	p, w := start(t, opts, Conns)
	storm(t, p, func(c *pool.Conn) {
		if rand.IntN(16) == 0 {
			c.Discard(pool.ReasonDiscarded)
		}
	})
	if n := w.most.Load(); n > Conns {
		t.Errorf("%d were open at a time, not %d", n, Conns)
	}
	if s := p.Stats().Backends[0]; s.InUse != 0 || s.Waiting != 0 || s.Idle > Conns {
		t.Errorf("%+v", s)
	}
}

func reused(t *testing.T, opts []pool.Option) {
	p, w := start(t, opts, Conns)
	p.Put(get(t, p))
	for range 100 {
		p.Put(get(t, p))
	}
	if n := w.dials.Load(); n != 1 {
		t.Errorf("%d were dialed", n)
	}
}

// waiting waits until n goroutines wait for a connection.
func waiting(t *testing.T, p *pool.Pool, n int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); p.Stats().Backends[0].Waiting != n; time.Sleep(50 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v", p.Stats())
		}
	}
	time.Sleep(time.Millisecond) // it is counted before it waits
}

func inTurn(t *testing.T, opts []pool.Option) {
	p, _ := start(t, opts, 1)
	c := get(t, p)
	const n = 20
	order := make(chan int, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			c, err := p.Get(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			order <- i
			p.Put(c)
		})
		waiting(t, p, i+1)
	}
	p.Put(c)
	wg.Wait()
	for i := range n {
		if got := <-order; got != i {
			t.Fatalf("place %d was served %d.", got, i)
		}
	}
}

func leaving(t *testing.T, opts []pool.Option) {
	p, w := start(t, opts, 2)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for range 100 {
				ctx, cancel := context.WithTimeout(context.Background(), rand.N(100*time.Microsecond))
				c, err := p.Get(ctx)
				cancel()
				switch {
				case err == nil:
					p.Put(c)
				case !errors.Is(err, context.DeadlineExceeded):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	c, d := get(t, p), get(t, p)
	p.PutN([]*pool.Conn{c, d})
	if n := w.dials.Load(); n > 2 {
		t.Errorf("%d were dialed", n)
	}
}

func broken(t *testing.T, opts []pool.Option) {
	p, w := start(t, opts, 1)
	for range 50 {
		c := get(t, p)
		c.Sent(1)
		p.Put(c)
	}
	if n := w.dials.Load(); n != 50 {
		t.Errorf("%d were dialed", n)
	}
	if s := p.Stats().Backends[0]; s.Closed[pool.ReasonUnmatched] != 50 {
		t.Errorf("%+v", s)
	}
}
