package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/handoff"
	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/muxnet"
)

// A log is one that a test reads.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

func (j *journal) warnings() *handoff.Warnings {
	return &handoff.Warnings{Log: slog.New(slog.NewTextHandler(j, nil))}
}

func listening(t *testing.T) *net.TCPListener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.(*net.TCPListener)
}

// A rig is a server behind two gateways.
type rig struct {
	t       *testing.T
	backend *net.TCPListener // of the server
	near    *Near
	far     *Far
	log     journal

	entry *net.TCPListener // of the near gateway
	cut   context.CancelFunc
	ends  chan error // of connections, at the near one

	mu     sync.Mutex
	server *muxnet.Server // of the far one
	at     string
}

// bridge makes a rig, which the options change before it starts.
func bridge(t *testing.T, change ...func(*rig)) *rig {
	t.Helper()
	r := &rig{t: t, backend: listening(t), entry: listening(t), ends: make(chan error, 1024)}
	r.far = &Far{
		To: r.backend.Addr().String(), Wait: 5 * time.Second, Limits: DefaultLimits, Warn: r.log.warnings(),
		Dial: func(ctx context.Context, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		},
	}
	r.near = &Near{
		Links: 1, Wait: 10 * time.Second, Limits: DefaultLimits, Warn: r.log.warnings(),
		Dial: func(ctx context.Context) (net.Conn, error) {
			r.mu.Lock()
			at := r.at
			r.mu.Unlock()
			return new(net.Dialer).DialContext(ctx, "tcp", at)
		},
	}
	for _, f := range change {
		f(r)
	}
	r.restart()
	stop := r.near.Start()
	live, cut := context.WithCancel(context.Background())
	r.cut = cut
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := r.entry.Accept()
			if err != nil {
				return
			}
			from := c.RemoteAddr().(*net.TCPAddr).AddrPort()
			serving.Go(func() { r.ends <- r.near.Serve(live, c, handoff.Peer{Client: from, Server: from}) })
		}
	})
	t.Cleanup(func() {
		r.entry.Close()
		cut()
		serving.Wait()
		stop()
		r.server.Close()
	})
	return r
}

// restart has streams served by a far gateway anew, at another address, and returns what served them before.
func (r *rig) restart() (before *muxnet.Server) {
	r.t.Helper()
	ln := listening(r.t)
	srv := &muxnet.Server{Handler: r.far.Handle, Logger: slog.New(slog.DiscardHandler)}
	served := make(chan struct{})
	go func() { _ = srv.Serve(ln); close(served) }()
	r.t.Cleanup(func() { srv.Close(); <-served })
	r.mu.Lock()
	defer r.mu.Unlock()
	before, r.server, r.at = r.server, srv, ln.Addr().String()
	return before
}

// pair is a client of the near gateway, and the connection that the server has for it.
func (r *rig) pair() (client, server *net.TCPConn) {
	r.t.Helper()
	client = r.client()
	s, err := r.backend.Accept()
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { s.Close() })
	s.SetDeadline(time.Now().Add(30 * time.Second))
	return client, s.(*net.TCPConn)
}

func (r *rig) client() *net.TCPConn {
	r.t.Helper()
	c, err := net.Dial("tcp", r.entry.Addr().String())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(30 * time.Second))
	return c.(*net.TCPConn)
}

// end is how the next connection has ended at the near gateway.
func (r *rig) end() error {
	r.t.Helper()
	select {
	case err := <-r.ends:
		return err
	case <-time.After(30 * time.Second):
		r.t.Fatal("no connection has ended")
		return nil
	}
}

func gauge(g []pipeline.Gauge, name string) string {
	for _, one := range g {
		if one.Name == name {
			return one.Value
		}
	}
	return "none"
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// expect reads the text, and then the end if there is to be one.
func expect(t *testing.T, c net.Conn, text string, end bool) {
	t.Helper()
	b := make([]byte, len(text))
	if n, err := io.ReadFull(c, b); err != nil || string(b) != text {
		t.Fatalf("got %q, %v instead of %q", b[:n], err, text)
	}
	if end {
		if n, err := c.Read(make([]byte, 1)); n > 0 || err != io.EOF {
			t.Fatalf("behind %q: %d bytes, %v", text, n, err)
		}
	}
}

func expectReset(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, c); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("instead of a reset: %v", err)
	}
}

func TestTheEndOfOneDirectionLeavesTheOtherOpen(t *testing.T) {
	r := bridge(t)
	for _, clientFirst := range []bool{true, false} {
		one, other := r.pair()
		if !clientFirst {
			one, other = other, one
		}
		send(t, one, "question")
		one.CloseWrite()
		expect(t, other, "question", true)
		send(t, other, "ans")
		expect(t, one, "ans", false)
		send(t, other, "wer")
		other.CloseWrite()
		expect(t, one, "wer", true)
		if err := r.end(); err != nil {
			t.Errorf("it has ended with %v", err)
		}
	}
	if g := r.near.Gauges(); gauge(g, "connections broken") != "0" || gauge(g, "connections open") != "0" || gauge(g, "connections") != "2" {
		t.Errorf("the near one counts %v", g)
	}
}

func TestAResetIsPassedOnAsAReset(t *testing.T) {
	r := bridge(t)
	for _, byClient := range []bool{true, false} {
		resets, sees := r.pair()
		if !byClient {
			resets, sees = sees, resets
		}
		send(t, resets, "x")
		expect(t, sees, "x", false)
		resets.SetLinger(0)
		resets.Close()
		expectReset(t, sees)
		if err := r.end(); err == nil {
			t.Error("it has ended in order")
		}
	}
}

func TestBytesArriveAsTheyWereSent(t *testing.T) {
	r := bridge(t)
	client, server := r.pair()
	all := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	var up, down []byte
	var wg sync.WaitGroup
	for _, c := range []*net.TCPConn{client, server} {
		wg.Go(func() { _, _ = c.Write(all); c.CloseWrite() })
	}
	wg.Go(func() { up, _ = io.ReadAll(server) })
	wg.Go(func() { down, _ = io.ReadAll(client) })
	wg.Wait()
	if !bytes.Equal(up, all) || !bytes.Equal(down, all) {
		t.Errorf("of %d bytes %d came up and %d down", len(all), len(up), len(down))
	}
}

// Who reads nothing stops itself and no other, in either direction.
func TestWhoDoesNotReadStopsOnlyItself(t *testing.T) {
	r := bridge(t)
	var stalled sync.WaitGroup
	var lazy []*net.TCPConn
	for i := range 8 {
		writes, reads := r.pair()
		if i%2 == 0 {
			writes, reads = reads, writes
		}
		lazy = append(lazy, writes, reads)
		writes.SetDeadline(time.Now().Add(300 * time.Millisecond))
		stalled.Go(func() { _, _ = io.Copy(writes, zeros{}) })
	}
	stalled.Wait()
	client, server := r.pair()
	for range 100 {
		send(t, client, "hello")
		expect(t, server, "hello", false)
		send(t, server, "there")
		expect(t, client, "there", false)
	}
	for _, c := range lazy {
		c.SetLinger(0)
		c.Close()
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestAServerThatCannotBeReachedResetsTheClient(t *testing.T) {
	r := bridge(t)
	r.backend.Close()
	if c, err := net.Dial("tcp", r.entry.Addr().String()); err == nil {
		expectReset(t, c)
		c.Close()
	} else if !errors.Is(err, syscall.ECONNRESET) { // which may come before the dialer has looked
		t.Error(err)
	}
	if err := r.end(); err != errRefused {
		t.Errorf("it has ended with %v", err)
	}
	if log := r.log.String(); !strings.Contains(log, "a stream is refused") || !strings.Contains(log, "a connection is refused") || !strings.Contains(log, "REFUSED") {
		t.Errorf("the log says %s", log)
	}
	if n, f := gauge(r.near.Gauges(), "connections refused"), gauge(r.far.Gauges(), "connections refused"); n != "1" || f != "1" {
		t.Errorf("the near one counts %s, the far one %s", n, f)
	}
}

func TestWithoutAFarGatewayAClientWaitsAndIsReset(t *testing.T) {
	r := bridge(t, func(r *rig) {
		r.near.Wait = 300 * time.Millisecond
		r.near.Dial = func(context.Context) (net.Conn, error) { return nil, errors.New("nobody listens") }
	})
	expectReset(t, r.client())
	if err := r.end(); err != errRefused {
		t.Errorf("it has ended with %v", err)
	}
	if log := r.log.String(); !strings.Contains(log, "nobody listens") || !strings.Contains(log, errUnreached.Error()) {
		t.Errorf("the log says %s", log)
	}
}

// A connection that is lost resets those that it carries, on both sides; new ones go over the next.
func TestALostConnectionResetsWhatItCarries(t *testing.T) {
	r := bridge(t)
	client, server := r.pair()
	send(t, client, "x")
	expect(t, server, "x", false)
	send(t, server, "y")
	expect(t, client, "y", false)
	r.restart().Close()
	expectReset(t, client)
	expectReset(t, server)
	if err := r.end(); err == nil {
		t.Error("it has ended in order")
	}
	client, server = r.pair()
	send(t, client, "again")
	expect(t, server, "again", false)
}

// A far gateway that leaves loses nothing: what it has it carries to the end, what it refuses goes to the next one.
func TestAFarGatewayThatLeavesLosesNothing(t *testing.T) {
	r := bridge(t)
	go func() {
		for {
			c, err := r.backend.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	quit := make(chan struct{})
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			for {
				select {
				case <-quit:
					return
				default:
				}
				c, err := net.Dial("tcp", r.entry.Addr().String())
				if err != nil {
					t.Error(err)
					return
				}
				c.SetDeadline(time.Now().Add(30 * time.Second))
				_, _ = io.WriteString(c, "hello")
				_ = c.(*net.TCPConn).CloseWrite()
				if b, err := io.ReadAll(c); string(b) != "hello" {
					t.Errorf("got %q, %v", b, err)
				}
				c.Close()
				if err := r.end(); err != nil {
					t.Errorf("a connection has ended with %v", err)
				}
			}
		})
	}
	for range 10 {
		time.Sleep(50 * time.Millisecond)
		if err := r.restart().Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	close(quit)
	clients.Wait()
}

func TestWhatIsCutIsReset(t *testing.T) {
	r := bridge(t)
	client, server := r.pair()
	r.cut()
	expectReset(t, client)
	expectReset(t, server)
	r.end()
}

func TestSilenceEndsAConnection(t *testing.T) {
	r := bridge(t, func(r *rig) { r.near.Limits = Limits{Idle: 200 * time.Millisecond} })
	client, server := r.pair()
	began := time.Now()
	for range 5 { // it is not silent
		send(t, client, "x")
		expect(t, server, "x", false)
		time.Sleep(60 * time.Millisecond)
	}
	expectReset(t, client)
	expectReset(t, server)
	if d := time.Since(began); d < 400*time.Millisecond {
		t.Errorf("it has ended after %v", d)
	}
}

func TestHalfAConnectionThatIsSilentEnds(t *testing.T) {
	r := bridge(t, func(r *rig) { r.far.Limits = Limits{HalfClosed: 200 * time.Millisecond} })
	client, server := r.pair()
	time.Sleep(400 * time.Millisecond)
	send(t, client, "x")
	client.CloseWrite()
	expect(t, server, "x", true)
	expectReset(t, client)
	for { // until the reset has come
		if _, err := server.Write([]byte("late")); err != nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestTheServerIsToldWhoTheClientIs(t *testing.T) {
	r := bridge(t, func(r *rig) { r.near.SendProxy = 1 })
	client, server := r.pair()
	send(t, client, "hello")
	from := netip.MustParseAddrPort(client.LocalAddr().String())
	head := "PROXY TCP4 127.0.0.1 127.0.0.1 "
	b := make([]byte, len(head))
	if _, err := io.ReadFull(server, b); err != nil || string(b) != head {
		t.Fatalf("got %q, %v from %v", b, err, from)
	}
}

func TestStreamsAreSpreadOverTheLinks(t *testing.T) {
	r := bridge(t, func(r *rig) { r.near.Links = 3 })
	for gauge(r.near.Gauges(), "connected to the far gateway") != "3" {
		time.Sleep(5 * time.Millisecond)
	}
	for range 6 {
		r.pair()
	}
	r.near.links.mu.Lock()
	defer r.near.links.mu.Unlock()
	for i, c := range r.near.links.conns {
		if n := c.State().Ours; n != 2 {
			t.Errorf("link %d has %d streams", i, n)
		}
	}
}

func TestAStreamOfMessagesIsRefused(t *testing.T) {
	r := bridge(t)
	c, err := muxnet.Dial(t.Context(), "tcp", r.at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, o := range []*mux.Opening{{Messages: true}, {Metadata: mux.AppendPair(nil, AuthorityName, []byte("127.0.0.1:1"))}} {
		s, err := c.OpenAs(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := errors.AsType[*mux.Error](readErr(s)); !ok || e.Code != mux.Refused {
			t.Errorf("%+v: %v", o, e)
		}
	}
}

func readErr(r io.Reader) error {
	_, err := r.Read(make([]byte, 1))
	return err
}
