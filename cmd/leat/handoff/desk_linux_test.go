package handoff_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/handoff"
	"github.com/leat-io/leat/internal/certtest"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/tcp"
)

// serving runs a pipeline whose connections serve serves, until end, which returns how it has ended.
func serving(t *testing.T, cfg handoff.Config, serve handoff.Serve, opts ...tcp.Option) (source *tcp.Acceptor, end func() error, p *pipeline.Pipeline) {
	t.Helper()
	source = tcp.Accept("127.0.0.1:0", append(opts, tcp.Reactor(1))...)
	p = pipeline.New("test", pipeline.DrainTime(300*time.Millisecond), pipeline.Log(slog.New(slog.DiscardHandler)))
	p.From(source).To("serve", handoff.New(cfg, serve).Sink)
	if err := source.Bind(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	end = func() error {
		cancel()
		return <-ended
	}
	return source, end, p
}

func dial(t *testing.T, s *tcp.Acceptor) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c.(*net.TCPConn)
}

func echo(_ context.Context, c net.Conn, _ handoff.Peer) error {
	_, err := io.Copy(c, c)
	return errors.Join(err, c.Close())
}

func TestAConnectionIsServedUntilItEnds(t *testing.T) {
	peers := make(chan handoff.Peer, 1)
	source, end, p := serving(t, handoff.Config{NoDelay: true, Gauges: func() []pipeline.Gauge { return []pipeline.Gauge{{Name: "mine", Value: "1"}} }},
		func(ctx context.Context, c net.Conn, p handoff.Peer) error {
			peers <- p
			return echo(ctx, c, p)
		})
	c := dial(t, source)
	if p := <-peers; p.Client.String() != c.LocalAddr().String() || p.Server.String() != c.RemoteAddr().String() {
		t.Errorf("the peer is %v", p)
	}
	_, _ = io.WriteString(c, "hello")
	if n := source.Len(); n != 1 {
		t.Errorf("%d are open", n)
	}
	_ = c.CloseWrite()
	if b, err := io.ReadAll(c); err != nil || string(b) != "hello" {
		t.Errorf("%q, %v", b, err)
	}
	if g := p.Stats().Node("serve").Gauges; len(g) != 1 || g[0].Name != "mine" {
		t.Errorf("the gauges are %v", g)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestWhatWasReadComesFirst(t *testing.T) {
	peers := make(chan handoff.Peer, 1)
	source, end, _ := serving(t, handoff.Config{}, func(ctx context.Context, c net.Conn, p handoff.Peer) error {
		peers <- p
		return echo(ctx, c, p)
	}, tcp.ProxyProtocol("127.0.0.1"))
	c := dial(t, source)
	_, _ = io.WriteString(c, "PROXY TCP4 192.0.2.1 192.0.2.2 1234 80\r\nhel")
	if p := <-peers; p.Client.String() != "192.0.2.1:1234" {
		t.Errorf("the peer is %v", p)
	}
	_, _ = io.WriteString(c, "lo")
	_ = c.CloseWrite()
	if b, err := io.ReadAll(c); err != nil || string(b) != "hello" {
		t.Errorf("%q, %v", b, err)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

// When the time to drain is over the context ends, and the run says what was lost.
func TestConnectionsAreCutWhenTheTimeToDrainIsOver(t *testing.T) {
	source, end, _ := serving(t, handoff.Config{}, func(ctx context.Context, c net.Conn, _ handoff.Peer) error {
		<-ctx.Done()
		handoff.Abort(c)
		return ctx.Err()
	})
	c := dial(t, source)
	for source.Len() == 0 {
		time.Sleep(time.Millisecond)
	}
	if _, ok := errors.AsType[*pipeline.DrainError](end()); !ok {
		t.Error("nothing is said to be lost")
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("instead of a reset: %v", err)
	}
}

func TestAHandshakeComesFirstAndEndsInTime(t *testing.T) {
	ca := certtest.New(t)
	cfg := handoff.Config{
		TLS: &tls.Config{Certificates: []tls.Certificate{ca.Issue("localhost")}}, Handshake: 200 * time.Millisecond, Handshakes: 1,
	}
	source, end, p := serving(t, cfg, echo)
	silent := dial(t, source)
	garbage := dial(t, source)
	_, _ = io.WriteString(garbage, "GET / HTTP/1.1\r\n\r\n")
	for _, c := range []net.Conn{silent, garbage} {
		_, _ = io.Copy(io.Discard, c)
	}
	c := tls.Client(dial(t, source), ca.Client("localhost"))
	_, _ = io.WriteString(c, "hello")
	_ = c.CloseWrite()
	if b, err := io.ReadAll(c); err != nil || string(b) != "hello" {
		t.Errorf("%q, %v", b, err)
	}
	c.Close()
	if err := end(); err != nil {
		t.Error(err)
	}
	var failed string
	for _, g := range p.Stats()[0].Gauges {
		if g.Name == "closed: handshake" {
			failed = g.Value
		}
	}
	if failed != "2" {
		t.Errorf("%q handshakes have failed: %v", failed, p.Stats()[0].Gauges)
	}
}

// An abort is seen as a reset, and of TLS not as an end in order.
func TestAnAbortOfTLSIsAReset(t *testing.T) {
	ca := certtest.New(t)
	source, end, _ := serving(t, handoff.Config{TLS: &tls.Config{Certificates: []tls.Certificate{ca.Issue("localhost")}}, Handshakes: 1},
		func(_ context.Context, c net.Conn, _ handoff.Peer) error {
			_, _ = c.Read(make([]byte, 1))
			handoff.Abort(c)
			return nil
		})
	c := tls.Client(dial(t, source), ca.Client("localhost"))
	_, _ = io.WriteString(c, "x")
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("instead of a reset: %v", err)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}
