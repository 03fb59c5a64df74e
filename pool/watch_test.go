package pool_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
)

// An echo is a backend of TCP that answers each byte with the same one, and that closes what a test wants it to.
type echo struct {
	ln    net.Listener
	wg    sync.WaitGroup
	mu    sync.Mutex
	conns map[*echoed]struct{}
}

type echoed struct {
	net.Conn
	used atomic.Int64 // when, in nanoseconds since the epoch
}

func newEcho(t testing.TB) *echo {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{ln: ln, conns: map[*echoed]struct{}{}}
	e.wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			conn := &echoed{Conn: c}
			conn.used.Store(time.Now().UnixNano()) // it may be long until it is served
			e.mu.Lock()
			e.conns[conn] = struct{}{}
			e.mu.Unlock()
			e.wg.Go(func() { e.serve(conn) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		e.each(func(c *echoed) { c.Close() })
		e.wg.Wait()
	})
	return e
}

func (e *echo) serve(c *echoed) {
	defer func() {
		c.Close()
		e.mu.Lock()
		delete(e.conns, c)
		e.mu.Unlock()
	}()
	b := make([]byte, 64)
	for {
		n, err := c.Read(b)
		if err != nil {
			return
		}
		c.used.Store(time.Now().UnixNano())
		if _, err := c.Write(b[:n]); err != nil {
			return
		}
	}
}

func (e *echo) each(f func(*echoed)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.conns {
		f(c)
	}
}

func (e *echo) pool(t testing.TB, f func(*pool.Limits), opts ...pool.Option) *pool.Pool {
	t.Helper()
	l := pool.DefaultLimits
	if f != nil {
		f(&l)
	}
	list := []balance.Backend{{Name: "a", Address: e.ln.Addr().String()}}
	p, err := pool.New(list, balance.RoundRobin(), append([]pool.Option{pool.WithLimits(l)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeNow(t, p) })
	return p
}

// exchange sends a byte and reads it back.
func exchange(c net.Conn, b byte) error {
	buf := [1]byte{b}
	if _, err := c.Write(buf[:]); err != nil {
		return err
	}
	if _, err := io.ReadFull(c, buf[:]); err != nil {
		return err
	}
	if buf[0] != b {
		return errors.New("that is another's reply")
	}
	return nil
}

// until waits for what happens on another goroutine.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it took too long until %s", what)
		}
	}
}

func TestThePeersEndOfAnIdleConnectionIsNoticed(t *testing.T) {
	for name, opts := range map[string][]pool.Option{"LIFO": nil, "FIFO": {pool.FIFO()}} {
		t.Run(name, func(t *testing.T) {
			e := newEcho(t)
			p := e.pool(t, nil, opts...)
			a, b := get(t, p), get(t, p)
			for _, c := range []*pool.Conn{a, b} {
				if err := exchange(c, 'x'); err != nil {
					t.Fatal(err)
				}
				p.Put(c)
			}
			e.each(func(c *echoed) { c.Close() })
			until(t, "both were closed", func() bool { return one(t, p).Closed[pool.ReasonPeer] == 2 })
			c := get(t, p)
			if err := exchange(c, 'y'); err != nil {
				t.Error(err)
			}
			p.Put(c)
		})
	}
}

func TestWhatNobodyAskedForCostsTheConnection(t *testing.T) {
	e := newEcho(t)
	p := e.pool(t, nil)
	c := get(t, p)
	if err := exchange(c, 'x'); err != nil {
		t.Fatal(err)
	}
	p.Put(c)
	time.Sleep(50 * time.Millisecond) // whether it is watched for bytes by then or not
	e.each(func(c *echoed) { c.Write([]byte("surprise")) })
	until(t, "it was closed", func() bool { return one(t, p).Closed[pool.ReasonUnread] == 1 })
}

// Connections that are idle for long enough to be watched for bytes, between uses.
func TestAReplyAfterARestIsNoSurprise(t *testing.T) {
	e := newEcho(t)
	p := e.pool(t, nil)
	for range 20 {
		c := get(t, p)
		if err := exchange(c, 'x'); err != nil {
			t.Fatal(err)
		}
		p.Put(c)
		time.Sleep(25 * time.Millisecond)
	}
	if s := one(t, p); s.Opened != 1 || len(s.Closed) != 0 {
		t.Errorf("%+v", s)
	}
}

// requests are made one after another by each of some clients, without a second try, while the backend closes one in four of
// the connections that have been idle for leastIdle, each 5 ms. After some requests a client pauses, so that more
// connections are wanted at once later. A request that took longer than a quarter of leastIdle from Get to its failure does
// not count as stale: on a busy machine it may not have left in time, and no pool can help that.
func (e *echo) requests(t *testing.T, p *pool.Pool, n, each int, leastIdle, pause time.Duration) (stale, reaped int64) {
	const clients = 8
	stop := make(chan struct{})
	var reaper, wg sync.WaitGroup
	reaper.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
			old := time.Now().Add(-leastIdle).UnixNano()
			e.each(func(c *echoed) {
				if c.used.Load() < old && rand.IntN(4) == 0 {
					reaped++
					c.Close()
				}
			})
		}
	})
	var failed, late atomic.Int64
	for i := range clients {
		wg.Go(func() {
			for k := range n / clients {
				began := time.Now()
				c, err := p.Get(context.Background())
				if err != nil {
					t.Error(err)
					return
				}
				switch err := exchange(c, byte(i)); {
				case err != nil && time.Since(began) > leastIdle/4:
					late.Add(1)
				case err != nil:
					failed.Add(1)
				}
				p.Put(c)
				if k%each == 0 {
					time.Sleep(rand.N(pause))
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	reaper.Wait()
	s := one(t, p)
	t.Logf("%d requests, the backend closed %d, of which %d were noticed idle, %d were closed for being idle, %d requests met one, %d late",
		n, reaped, s.Closed[pool.ReasonPeer], s.Closed[pool.ReasonIdle], failed.Load(), late.Load())
	return failed.Load(), reaped
}

// howMany are the requests of a test, a million when asked for.
func howMany(t *testing.T) int {
	s := os.Getenv("LEAT_STALE")
	if s == "" {
		return 20_000
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// With an idle timeout below the backend's there is no request that could cross the end of its connection on the way.
func TestNoRequestMeetsAConnectionThatTheBackendClosesForBeingIdle(t *testing.T) {
	e := newEcho(t)
	p := e.pool(t, func(l *pool.Limits) { l.MinIdle, l.IdleTimeout = 16, 250*time.Millisecond })
	if stale, _ := e.requests(t, p, howMany(t), 2000, time.Second, 2*time.Second); stale > 0 {
		t.Errorf("%d requests failed", stale)
	}
}

// Without one, what remains is the request that crosses the end of its connection on the way: few of those for which a
// connection is taken that has rested for long.
func TestFewRequestsMeetAConnectionThatTheBackendClosesMeanwhile(t *testing.T) {
	e := newEcho(t)
	p := e.pool(t, func(l *pool.Limits) { l.MinIdle = 24 })
	n := howMany(t)
	stale, reaped := e.requests(t, p, n, 500, 50*time.Millisecond, 30*time.Millisecond)
	if reaped == 0 {
		t.Error("the backend has closed nothing")
	}
	if int(stale) > n/500 {
		t.Errorf("%d requests failed", stale)
	}
}
