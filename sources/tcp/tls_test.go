package tcp_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/internal/certtest"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// secured is a source with TLS, and what a client of it needs.
func secured(t testing.TB, opts ...tcp.Option) (*tcp.Source, *tls.Config) {
	t.Helper()
	authority := certtest.New(t)
	server := &tls.Config{Certificates: []tls.Certificate{authority.Issue("localhost")}, NextProtos: []string{"line/1"}}
	s := tcp.Listen("127.0.0.1:0", append(opts, tcp.Name("tcp"), tcp.TLS(server))...)
	if err := s.Bind(); err != nil {
		t.Fatal(err)
	}
	return s, authority.Client("localhost")
}

func mustDialTLS(t *testing.T, s *tcp.Source, config *tls.Config) *tlsClient {
	t.Helper()
	c, err := dialTLS(s, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestARequestOverTLSCostsNoMemory(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s, config := secured(t, engine)
		served(t, s)
		c := mustDialTLS(t, s, config)
		b := []byte("hello\n")
		stagetest.Allocs(t, 0, func() {
			c.Write(b)
			if _, err := io.ReadFull(c, b); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestStagesCanAskWhatTLSHasAgreedOn(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s, config := secured(t, engine)
		p := pipeline.New("state")
		var got atomic.Pointer[tls.ConnectionState]
		text := line.Text(100)
		p.From(s).Via("decode", codec.Decode(text)).Via("ask", stage.Do(func(l *line.Line) {
			state, ok := tcp.TLSState(l.Conn())
			if !ok {
				l.Conn().Fail(errors.New("there is no state"))
			}
			got.Store(state)
		})).To("reply", sinks.Reply(text))
		stop := start(t, p)
		config.NextProtos = []string{"line/1"}
		c := mustDialTLS(t, s, config)
		ask(t, c, "hello")
		if st := got.Load(); st.Version != tls.VersionTLS13 || st.NegotiatedProtocol != "line/1" || st.ServerName != "localhost" {
			t.Errorf("%+v", st)
		}
		c.Close()
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	if _, ok := tcp.TLSState(new(stage.Conn)); ok {
		t.Error("a connection of nobody has a state")
	}
}

func TestTLSIsRefusedWithoutWhatItNeeds(t *testing.T) {
	cert := []tls.Certificate{certtest.New(t).Issue("a")}
	for want, opts := range map[string][]tcp.Option{
		"has no certificate":      {tcp.TLS(new(tls.Config))},
		"allows TLS 1.1":          {tcp.TLS(&tls.Config{Certificates: cert, MinVersion: tls.VersionTLS11})},
		"no authority of its own": {tcp.TLS(&tls.Config{Certificates: cert, ClientAuth: tls.RequireAndVerifyClientCert})},
		"at least 1 handshake":    {tcp.TLS(&tls.Config{Certificates: cert}), tcp.MaxHandshakes(0)},
	} {
		if err := runOnce(echo(tcp.Listen("127.0.0.1:0", append(opts, tcp.Name("tcp"))...), 0)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

func TestWhoDoesNotSpeakTLSIsCountedByReason(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s, config := secured(t, engine)
		served(t, s)
		for sent, reason := range map[string]string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n": "plain http", "hello, how are you\n": "not tls", "": "peer gone"} {
			c := mustDial(t, s)
			io.WriteString(c, sent)
			c.CloseWrite()
			io.Copy(io.Discard, c)
			eventually(t, s, reason, func() bool { return count(s, "handshake failed: "+reason) == 1 })
		}
		config.MaxVersion, config.MinVersion = tls.VersionTLS11, tls.VersionTLS10
		if _, err := dialTLS(s, config); err == nil {
			t.Error("TLS 1.1 was served")
		}
		eventually(t, s, "version", func() bool { return count(s, "handshake failed: version") == 1 })
		eventually(t, s, "all are closed", func() bool { return count(s, "closed: handshake") == 4 && count(s, "open") == 0 })
	})
}

// A stream of TLS that ends without close_notify is counted, and what came before is answered all the same.
func TestATruncatedStreamIsCounted(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s, config := secured(t, engine)
		served(t, s)
		c := mustDialTLS(t, s, config)
		fmt.Fprintln(c, "hello")
		c.tcp.CloseWrite()
		if b, err := io.ReadAll(c); string(b) != "hello\n" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		eventually(t, s, "it is counted", func() bool { return count(s, "closed: truncated") == 1 })
		c = mustDialTLS(t, s, config)
		fmt.Fprintln(c, "hello")
		c.CloseWrite()
		if b, err := io.ReadAll(c); string(b) != "hello\n" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		eventually(t, s, "it is counted", func() bool { return count(s, "closed: done") == 1 })
	})
}

// stalled clients send their ClientHello, and nothing more.
func stall(t *testing.T, s *tcp.Source, config *tls.Config, n int) {
	t.Helper()
	var hello []byte
	tls.Client(recorder{&hello}, config).Handshake()
	for range n {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if _, err := c.Write(hello); err != nil {
			t.Fatal(err)
		}
	}
}

// A recorder keeps the first thing that is written.
type recorder struct{ first *[]byte }

func (r recorder) Write(b []byte) (int, error) {
	*r.first = append(*r.first, b...)
	return 0, io.ErrClosedPipe
}
func (recorder) Read([]byte) (int, error)         { return 0, io.EOF }
func (recorder) Close() error                     { return nil }
func (recorder) LocalAddr() net.Addr              { return nil }
func (recorder) RemoteAddr() net.Addr             { return nil }
func (recorder) SetDeadline(time.Time) error      { return nil }
func (recorder) SetReadDeadline(time.Time) error  { return nil }
func (recorder) SetWriteDeadline(time.Time) error { return nil }

// used is what is in use, of the heap and of stacks.
func used() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

// Clients that stall in their handshake keep nobody from theirs, and are gone at the deadline.
func TestStalledHandshakesCostNobodyElse(t *testing.T) {
	for _, e := range []engineOf{engines[0], engines[2]} {
		t.Run(e.name, func(t *testing.T) {
			const stalled, most = 5000, 48 << 10
			l := stage.DefaultLimits
			l.FirstMessage = 10 * time.Second
			s, config := secured(t, e.engine, tcp.Limits(l))
			served(t, s)
			before := used()
			stall(t, s, config, stalled)
			c := mustDialTLS(t, s, config)
			ask(t, c, "hello")
			if each := (used() - before) / stalled; each > most {
				t.Errorf("a handshake that has stalled costs %d bytes, more than %d", each, most)
			}
			eventually(t, s, "all are gone", func() bool { return count(s, "closed: first message") == stalled })
			ask(t, c, "still there")
			eventually(t, s, "no handshake is left", func() bool { return count(s, "handshakes in progress") == 0 })
			if n := count(s, "handshakes"); n != 1 {
				t.Errorf("%d handshakes succeeded", n)
			}
		})
	}
}

// More handshakes than may be under way wait, and those who wait are served when others have been given up.
func TestHandshakesWaitForTheirTurn(t *testing.T) {
	l := stage.DefaultLimits
	l.FirstMessage = time.Second
	s, config := secured(t, tcp.Reactor(2), tcp.Limits(l), tcp.MaxHandshakes(10))
	served(t, s)
	stall(t, s, config, 30)
	eventually(t, s, "some wait", func() bool { return count(s, "handshakes waiting") == 20 && count(s, "handshakes in progress") == 10 })
	eventually(t, s, "all are given up", func() bool {
		return count(s, "handshakes waiting") == 0 && count(s, "handshakes in progress") == 0 && count(s, "closed: first message") == 30
	})
	ask(t, mustDialTLS(t, s, config), "hello")
}

// A stop does not wait for handshakes that would need more than what has arrived.
func TestAStopEndsHandshakes(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s, config := secured(t, engine, tcp.MaxHandshakes(5))
		stop := start(t, echo(s, 0))
		stall(t, s, config, 10)
		c := mustDial(t, s)
		c.Write([]byte{22, 3, 1})
		eventually(t, s, "all are there", func() bool { return count(s, "open") == 11 })
		began := time.Now()
		if err := stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the stop took %v", took)
		}
		if n := count(s, "closed: stopped"); n != 11 {
			t.Errorf("%d were closed by the stop: %v", n, s.Gauges())
		}
	})
}

func TestIOUringGivesWayToEpollForTLS(t *testing.T) {
	s, config := secured(t, tcp.IOUring(1))
	served(t, s)
	ask(t, mustDialTLS(t, s, config), "hello")
	if e := gauge(s, "engine"); !strings.Contains(e, "epoll") && !strings.Contains(e, "goroutine") {
		t.Errorf("the engine is %s", e)
	}
}

// Large answers go through small steps of a slow reader, to the orderly end of the stream.
func TestASlowReaderSeesTheWholeStream(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		const size = 3 << 20
		l := stage.DefaultLimits
		l.OutHard = 2 * size
		s, config := secured(t, engine, tcp.Limits(l))
		p := echo(s, size)
		stop := start(t, p)
		var all sync.WaitGroup
		for range 4 {
			c := mustDialTLS(t, s, config)
			all.Go(func() {
				fmt.Fprintln(c, "give")
				c.CloseWrite()
				time.Sleep(300 * time.Millisecond)
				got, b := 0, make([]byte, 100_000)
				for {
					n, err := c.Read(b)
					if got += n; err != nil {
						if err != io.EOF || got != size+1 {
							t.Errorf("%d bytes of %d, %v", got, size+1, err)
						}
						return
					}
				}
			})
		}
		all.Wait()
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
