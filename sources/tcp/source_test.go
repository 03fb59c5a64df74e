package tcp_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// echo is a pipeline that answers each line with itself, or with size bytes.
func echo(s *tcp.Source, size int) *pipeline.Pipeline {
	p := pipeline.New("echo", pipeline.Log(slog.New(slog.DiscardHandler)))
	text, answer := line.Text(size+4096), make([]byte, size)
	p.From(s).Via("decode", codec.Decode(text)).
		Via("answer", stage.Do(func(l *line.Line) {
			if size > 0 {
				l.Text = answer
			}
		})).
		To("reply", sinks.Reply(text))
	return p
}

func bound(t *testing.T, opts ...tcp.Option) *tcp.Source {
	t.Helper()
	s := tcp.Listen("127.0.0.1:0", append(opts, tcp.Name("tcp"))...)
	if err := s.Bind(); err != nil {
		t.Fatal(err)
	}
	return s
}

func start(t *testing.T, p *pipeline.Pipeline) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

func mustDial(t *testing.T, s *tcp.Source) client {
	t.Helper()
	c, err := dial(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestBindMakesTheAddressKnown(t *testing.T) {
	s := tcp.Listen(":0")
	if s.Addr() != nil || s.String() != "tcp :0" {
		t.Errorf("before Bind: %v, %s", s.Addr(), s)
	}
	for range 2 { // the second time is no mistake
		if err := s.Bind(); err != nil {
			t.Fatal(err)
		}
	}
	a := s.Addr().(*net.TCPAddr)
	if !a.IP.IsLoopback() || a.Port == 0 || s.String() != "tcp "+a.String() {
		t.Errorf("after Bind: %v, %s", a, s)
	}
	if n := tcp.Listen(":0", tcp.Name("front")).String(); n != "front" {
		t.Errorf("the name is %q", n)
	}
	if err := runOnce(echo(s, 0)); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", a.String()); err == nil {
		t.Error("the address is still open behind the end")
	}
}

// runOnce runs p with an end that has come already.
func runOnce(p *pipeline.Pipeline) error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return p.Run(ctx)
}

func TestWhatCannotServeDoesNotStart(t *testing.T) {
	busy := bound(t)
	defer runOnce(echo(busy, 0))
	bad := stage.DefaultLimits
	bad.OutHigh = bad.OutHard + 1
	for want, s := range map[string]*tcp.Source{
		"not host:port":           tcp.Listen("nowhere", tcp.Name("tcp")),
		"address already in use":  tcp.Listen(busy.Addr().String(), tcp.Name("tcp")),
		"output marks must rise":  tcp.Listen(":0", tcp.Name("tcp"), tcp.Limits(bad)),
		"at least 1 connection":   tcp.Listen(":0", tcp.Name("tcp"), tcp.MaxConns(0)),
		"at least 1 lane, not -1": tcp.Listen(":0", tcp.Name("tcp"), tcp.Goroutines(), tcp.Lanes(-1)),
		"not -1":                  tcp.Listen(":0", tcp.Name("tcp"), tcp.Reactor(-1)),
	} {
		err := runOnce(echo(s, 0))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `source "tcp"`) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

// Who connects before the pipeline runs waits in the backlog, and is answered even if the first thing it does is to stop.
func TestTheBacklogIsAnswered(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s := bound(t, engine)
		var all []client
		for i := range 20 {
			c := mustDial(t, s)
			fmt.Fprintln(c, "client", i)
			all = append(all, c)
		}
		done := make(chan error)
		go func() { done <- runOnce(echo(s, 0)) }()
		for i, c := range all {
			b, err := io.ReadAll(c)
			if want := fmt.Sprintln("client", i); string(b) != want || err != nil {
				t.Errorf("got %q, %v, not %q", b, err, want)
			}
			c.Close()
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// What goes wrong is logged with the peer's address.
func TestAPanicIsLoggedWithThePeer(t *testing.T) {
	everyEngineAtOnce(t, func(t *testing.T, engine tcp.Option) {
		for _, host := range []string{"127.0.0.1", "[::1]"} {
			s := tcp.Listen(host+":0", engine, tcp.Name("tcp"))
			if err := s.Bind(); err != nil {
				t.Skip(err)
			}
			var logged bytes.Buffer
			p := pipeline.New("panic", pipeline.Log(slog.New(slog.NewTextHandler(&logged, nil))))
			text := line.Text(100)
			p.From(s).Via("decode", codec.Decode(text)).
				Via("fail", stage.Do(func(*line.Line) { panic("as asked") })).
				To("reply", sinks.Reply(text))
			stop := start(t, p)
			c := mustDial(t, s)
			fmt.Fprintln(c, "hello")
			if b, err := io.ReadAll(c); len(b) > 0 || err != nil {
				t.Errorf("%q, %v", b, err)
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
			if want := "over a message of " + c.LocalAddr().String(); !strings.Contains(logged.String(), want) {
				t.Errorf("%q is missing in %s", want, &logged)
			}
		}
	})
}

// Fewer lanes than connections serve all of them in turn.
func TestOneLaneServesManyConnections(t *testing.T) {
	s := bound(t, tcp.Goroutines(), tcp.Lanes(1))
	p := echo(s, 0)
	stop := start(t, p)
	var all sync.WaitGroup
	for range 30 {
		c := mustDial(t, s)
		all.Go(func() {
			b := make([]byte, 6)
			for range 50 {
				c.Write([]byte("hello\n"))
				if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello\n" {
					t.Errorf("%q %v", b, err)
					return
				}
			}
		})
	}
	all.Wait()
	if n := p.Stats().Node("decode").Lanes; n != 1 {
		t.Errorf("%d lanes were made", n)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A connection that always has more to read shares its lane with the others.
func TestAFloodDoesNotKeepALaneFromTheOthers(t *testing.T) {
	s := bound(t, tcp.Goroutines(), tcp.Lanes(1))
	stop := start(t, echo(s, 0))
	flood := mustDial(t, s)
	var flooding sync.WaitGroup
	flooding.Go(func() {
		for b := bytes.Repeat([]byte("flood\n"), 10_000); ; {
			if _, err := flood.Write(b); err != nil {
				return
			}
		}
	})
	received := make(chan struct{})
	flooding.Go(func() {
		io.CopyN(io.Discard, flood, 1<<20)
		close(received)
		io.Copy(io.Discard, flood)
	})
	<-received
	c := mustDial(t, s)
	c.SetDeadline(time.Now().Add(20 * time.Second))
	b := make([]byte, 6)
	for range 20 {
		c.Write([]byte("hello\n"))
		if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello\n" {
			t.Fatalf("%q %v", b, err)
		}
	}
	flood.Close()
	flooding.Wait()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// Each peer has sent all and reads nothing, so its connection is given up over the second answer, while a goroutine begins
// to wait with the first: the connection is closed and forgotten, and neither waits for the other.
func TestAConnectionIsClosedWhileItsOutputWaits(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		const size = 6 << 20
		l := stage.DefaultLimits
		l.OutHigh, l.OutHard = 64<<10, 64<<10
		s := bound(t, engine, tcp.Limits(l))
		p := echo(s, size)
		stop := start(t, p)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 12 {
					c, err := dial(s)
					if err != nil {
						t.Error(err)
						return
					}
					fmt.Fprint(c, "much\nmore\n")
					c.CloseWrite()
					time.Sleep(time.Millisecond)
					c.Close()
				}
			})
		}
		all.Wait()
		for began := time.Now(); ; time.Sleep(time.Millisecond) {
			open := 0
			for _, g := range p.Stats().Node("tcp").Gauges {
				if g.Name == "open" {
					fmt.Sscan(g.Value, &open)
				}
			}
			if open == 0 {
				break
			}
			if time.Since(began) > 10*time.Second {
				t.Fatalf("%d connections are never closed\n%s", open, p)
			}
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
