package sinks_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/preface"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

const header = "PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r\n"

// heading reads the PROXY header that a backend is sent.
func heading(t *testing.T, c net.Conn) preface.Proxied {
	t.Helper()
	var b []byte
	for {
		p, n, err := preface.ParseProxied(b)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return p
		}
		more := make([]byte, -n-len(b))
		if _, err := io.ReadFull(c, more); err != nil {
			t.Fatal(err)
		}
		b = append(b, more...)
	}
}

// The source has been told of the end of the stream already, and the tunnel learns it nevertheless.
func TestAnEndBehindWhatCameFirstIsNotLost(t *testing.T) {
	for name, text := range map[string]string{"a request": "request", "more than what came first": strings.Repeat("x", 100<<10), "nothing": ""} {
		for _, pause := range []time.Duration{0, 20 * time.Millisecond} {
			t.Run(name, func(t *testing.T) {
				ln := listening(t)
				b := boring(t, sinks.Fixed(ln.address()), patience, nil, tcp.ProxyProtocol("127.0.0.0/8"))
				c := b.dial()
				time.Sleep(pause) // so that the source waits for it, or does not
				say(t, c, header+text)
				c.CloseWrite()
				s := ln.next()
				got, err := io.ReadAll(s)
				if err != nil || string(got) != text {
					t.Errorf("the backend got %d bytes, %v, not the %d behind the header", len(got), err, len(text))
				}
				say(t, s, "answer")
				s.Close()
				hear(t, c, "answer")
				hearEnd(t, c)
				r := b.record()
				equal(t, "reason", r.Reason, nil)
				equal(t, "client", r.Client.String(), "192.0.2.1:4711")
				equal(t, "server", r.Server.String(), "198.51.100.7:443")
			})
		}
	}
}

func TestABackendIsToldWhoTheClientIs(t *testing.T) {
	for _, version := range []int{1, 2} {
		ln := listening(t)
		b := boringWith(t, sinks.Fixed(ln.address()), patience, nil, []sinks.TunnelOption{sinks.SendProxy(version)})
		c := b.dial()
		s := ln.next()
		p := heading(t, s) // before the client has said anything
		equal(t, "client", p.Client.String(), c.LocalAddr().String())
		equal(t, "server", p.Server.String(), b.addr)
		say(t, c, header) // from the client, and so data
		hear(t, s, header)
		c.CloseWrite()
		hearEnd(t, s)
		s.Close()
		hearEnd(t, c)
		r := b.record()
		if least := uint64(len(header)); r.Sent <= least {
			t.Errorf("version %d: %d bytes were sent, and the client alone had %d", version, r.Sent, least)
		}
	}
}

// A header that a listed proxy has sent goes on with the same addresses, and with the name that its client asks for.
func TestAHeaderIsPassedOnWithTheNameOfTheServer(t *testing.T) {
	ln := listening(t)
	b := boringWith(t, sinks.Fixed(ln.address()), patience, nil, []sinks.TunnelOption{sinks.SendProxy(2)}, tcp.ProxyProtocol("127.0.0.1"), tcp.ServerNames())
	hello := "\x16\x03\x01\x00\x46\x01\x00\x00\x42\x03\x03" + strings.Repeat("r", 32) + "\x00\x00\x02\x13\x01\x01\x00" +
		"\x00\x17\x00\x00\x00\x13\x00\x11\x00\x00\x0eapi.example.io"
	c := b.dial()
	say(t, c, header+hello+"and more")
	c.CloseWrite()
	s := ln.next()
	p := heading(t, s)
	equal(t, "client", p.Client, netip.MustParseAddrPort("192.0.2.1:4711"))
	equal(t, "server", p.Server, netip.MustParseAddrPort("198.51.100.7:443"))
	equal(t, "name", p.Authority, "api.example.io")
	hear(t, s, hello+"and more")
	hearEnd(t, s)
	s.Close()
	equal(t, "name in the record", b.record().ServerName, "api.example.io")
}

func TestTheBackendThatIsTriedNextIsToldAsWell(t *testing.T) {
	ln := listening(t)
	tries := 0
	b := boringWith(t, &routing{to: func(_ *stage.Accepted, failed stage.Route) (string, error) {
		if tries++; tries == 1 {
			return "unix:" + filepath.Join(t.TempDir(), "nobody"), nil
		}
		return ln.address(), nil
	}}, patience, nil, []sinks.TunnelOption{sinks.SendProxy(1)}, tcp.ProxyProtocol("127.0.0.1"))
	c := b.dial()
	say(t, c, header+"request")
	s := ln.next()
	equal(t, "client", heading(t, s).Client.String(), "192.0.2.1:4711")
	hear(t, s, "request")
	c.Close()
	s.Close()
	equal(t, "tries", b.record().Tries, 2)
}

// A client of a unix socket has no address that a header could name.
func TestAClientOfAUnixSocketIsSentAsLocal(t *testing.T) {
	for _, version := range []int{1, 2} {
		ln := listening(t)
		a := tcp.Accept("unix:" + filepath.Join(t.TempDir(), "s"))
		p := pipeline.New("unix")
		p.From(a).To("tunnel", sinks.Tunnel(sinks.Fixed(ln.address()), sinks.SendProxy(version)))
		if err := a.Bind(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx) }()
		c, err := net.Dial("unix", a.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		s := ln.next()
		equal(t, "local", heading(t, s).Local, true)
		c.Close()
		hearEnd(t, s)
		s.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// A connection whose header cannot be made is not passed on without one: what its client says could be taken for a header.
func TestNothingGoesOnWithoutItsHeader(t *testing.T) {
	ln := listening(t)
	a := tcp.Accept("127.0.0.1:0", tcp.Name("accept"))
	if err := a.Bind(); err != nil {
		t.Fatal(err)
	}
	u := &routing{to: func(*stage.Accepted, stage.Route) (string, error) { return ln.address(), nil }}
	p := pipeline.New("headless")
	p.From(a).
		Via("name", stage.Do(func(a *stage.Accepted) { a.Hello = &stage.Hello{ServerName: strings.Repeat("n", 5000)} })).
		To("tunnel", sinks.Tunnel(u, sinks.SendProxy(2)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	hearEnd(t, dialTo(t, a.Addr().String()))
	equal(t, "routes", u.String(), "0 connected, 1 failed, 0 ended")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestThereIsNoThirdVersionOfTheHeader(t *testing.T) {
	for _, version := range []int{-1, 3} {
		a := tcp.Accept("127.0.0.1:0")
		p := pipeline.New("third")
		p.From(a).To("tunnel", sinks.Tunnel(sinks.Fixed("127.0.0.1:1"), sinks.SendProxy(version)))
		if err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "has the versions 1 and 2") {
			t.Errorf("%v", err)
		}
	}
}
