package sinks_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// patience is longer than anything takes on a busy machine.
const patience = 30 * time.Second

// A bore is a running pipeline that tunnels.
type bore struct {
	t    testing.TB
	addr string
	p    *pipeline.Pipeline
	stop func() error

	mu      sync.Mutex
	records []sinks.TunnelRecord
}

// boring runs a pipeline that tunnels what comes to it to up.
func boring(t testing.TB, up stage.Upstream, drain time.Duration, limits func(*sinks.TunnelLimits), opts ...tcp.Option) *bore {
	t.Helper()
	return boringWith(t, up, drain, limits, nil, opts...)
}

// boringWith is boring with more options of the tunnel.
func boringWith(t testing.TB, up stage.Upstream, drain time.Duration, limits func(*sinks.TunnelLimits), with []sinks.TunnelOption, opts ...tcp.Option) *bore {
	t.Helper()
	b := &bore{t: t}
	l := sinks.DefaultTunnelLimits
	if limits != nil {
		limits(&l)
	}
	a := tcp.Accept("127.0.0.1:0", append([]tcp.Option{tcp.Name("accept"), tcp.Reactor(1)}, opts...)...)
	if err := a.Bind(); err != nil {
		t.Fatal(err)
	}
	b.addr = a.Addr().String()
	b.p = pipeline.New("bore", pipeline.DrainTime(drain))
	b.p.From(a).To("tunnel", sinks.Tunnel(up, append(with, sinks.Limits(l), sinks.OnEnd(func(r *sinks.TunnelRecord) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.records = append(b.records, *r)
	}))...))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.p.Run(ctx) }()
	var once sync.Once
	var err error
	b.stop = func() error {
		once.Do(func() { cancel(); err = <-done })
		return err
	}
	t.Cleanup(func() { _ = b.stop() })
	return b
}

// gauge is a figure of the sink, or of the source where the sink has none of that name.
func (b *bore) gauge(name string) int {
	st := b.p.Stats()
	for _, node := range []string{"tunnel", "accept"} {
		for _, g := range st.Node(node).Gauges {
			if g.Name == name {
				n, err := strconv.Atoi(g.Value)
				if err != nil {
					b.t.Fatal(err)
				}
				return n
			}
		}
	}
	return 0
}

func (b *bore) until(what string, f func() bool) {
	b.t.Helper()
	for end := time.Now().Add(patience); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("it never happened that %s: %v", what, b.p.Stats().Node("tunnel").Gauges)
		}
	}
}

// record waits for the tunnel that ends next.
func (b *bore) record() (r sinks.TunnelRecord) {
	b.t.Helper()
	b.until("a tunnel ended", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.records) == 0 {
			return false
		}
		r, b.records = b.records[0], b.records[1:]
		return true
	})
	return r
}

func (b *bore) dial() *net.TCPConn {
	b.t.Helper()
	return dialTo(b.t, b.addr)
}

func dialTo(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

// A stream is a connection whose two directions end by themselves.
type stream interface {
	net.Conn
	CloseWrite() error
}

// A backend is a listener whose connections the test has.
type backend struct {
	net.Listener
	t testing.TB
}

func listening(t testing.TB) backend {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return backend{ln, t}
}

func (b backend) next() *net.TCPConn {
	b.t.Helper()
	_ = b.Listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	c, err := b.Accept()
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

func (b backend) address() string { return b.Addr().String() }

// echoing serves echo until the test ends.
func echoing(t testing.TB) string {
	ln := listening(t)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return ln.address()
}

func say(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func hear(t testing.TB, c net.Conn, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if n, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Fatalf("heard %q, %v, not %q", b[:n], err, want)
	}
}

// hearEnd wants the orderly end of the stream.
func hearEnd(t testing.TB, c net.Conn) {
	t.Helper()
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Fatalf("heard %d bytes, %v, not the end of the stream", n, err)
	}
}

// hearReset wants a reset.
func hearReset(t testing.TB, c net.Conn) {
	t.Helper()
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("heard %d bytes, %v, not a reset", n, err)
	}
}

// meetReset wants whoever connects to be reset, in the midst of that or behind it.
func meetReset(t testing.TB, b *bore) {
	t.Helper()
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Fatal(err)
		}
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	hearReset(t, c)
}

func resetNow(c *net.TCPConn) {
	_ = c.SetLinger(0)
	c.Close()
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, not %v", what, got, want)
	}
}

// A routing is an upstream made of a function, whose routes are counted.
type routing struct {
	to func(a *stage.Accepted, failed stage.Route) (string, error)

	mu                       sync.Mutex
	connected, failed, ended int
}

type routed struct {
	*routing
	addr string
}

func (u *routing) Route(a *stage.Accepted, failed stage.Route) (stage.Route, error) {
	addr, err := u.to(a, failed)
	if err != nil {
		return nil, err
	}
	return routed{u, addr}, nil
}

func (r routed) Name() string            { return "backend " + r.addr }
func (r routed) Address() string         { return r.addr }
func (r routed) Connected(time.Duration) { r.add(&r.connected) }
func (r routed) Failed(error)            { r.add(&r.failed) }
func (r routed) Ended()                  { r.add(&r.ended) }

func (u *routing) add(n *int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	*n++
}

func (u *routing) String() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return fmt.Sprintf("%d connected, %d failed, %d ended", u.connected, u.failed, u.ended)
}
