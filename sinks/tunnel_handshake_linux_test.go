package sinks_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// An upstream chooses by what the handshake says, after it has succeeded.
func TestARouteKnowsTheNameOfTheHandshake(t *testing.T) {
	s := suited(t, true, false)
	s.client.NextProtos = []string{"other", "leat/1"}
	ln := listening(t)
	hello := make(chan stage.Hello, 1)
	b := boringWith(t, &routing{to: func(a *stage.Accepted, _ stage.Route) (string, error) {
		hello <- *a.Hello
		return ln.address(), nil
	}}, patience, nil, s.options())
	c, far := s.open(b, ln)
	h := <-hello
	equal(t, "name", h.ServerName, "front.test")
	equal(t, "protocols", strings.Join(h.Protocols, " "), "leat/1")
	c.CloseWrite()
	far.Close()
	hearEnd(t, c)
	r := b.record()
	equal(t, "name", r.ServerName, "front.test")
	equal(t, "protocol", r.Protocol, "leat/1")
}

func TestAClientNeedsACertificateWhereOneIsWanted(t *testing.T) {
	s := suited(t, true, false)
	config := s.server("front.test")
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, s.authority.Pool()
	ln := listening(t)
	u := &routing{to: func(*stage.Accepted, stage.Route) (string, error) { return ln.address(), nil }}
	b := boringWith(t, u, patience, nil, []sinks.TunnelOption{sinks.Terminate(config)})
	c := s.dial(b)
	if _, err := c.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "certificate required") {
		t.Errorf("the client is told %v", err)
	}
	r := b.record()
	equal(t, "label", stage.LabelOf(r.Reason), "handshake")
	equal(t, "routes", u.String(), "0 connected, 0 failed, 0 ended")
	equal(t, "tries", r.Tries, 0)
	s.client.Certificates = []tls.Certificate{s.authority.Issue("somebody")}
	c, far := s.open(b, ln)
	say(t, c, "hello")
	hear(t, far, "hello")
	equal(t, "failed", b.gauge("client handshake failed: no certificate of the peer"), 1)
}

// Clients that stall in their handshake cost no backend and hold up nobody.
func TestClientsThatStallInTheirHandshake(t *testing.T) {
	s := suited(t, true, false)
	ln := listening(t)
	u := &routing{to: func(*stage.Accepted, stage.Route) (string, error) { return ln.address(), nil }}
	b := boringWith(t, u, patience, func(l *sinks.TunnelLimits) { l.Handshake, l.Handshakes = 3*time.Second, 64 }, s.options())
	hello := recordOfHello(t)
	const stalled = 1500
	for i := range stalled {
		c, err := net.Dial("tcp", b.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		switch i % 3 {
		case 0:
			_, _ = c.Write(hello[:len(hello)/2])
		case 1:
			if i%60 == 1 { // these have a goroutine, and no more than some of them
				_, _ = c.Write(hello)
			}
		}
	}
	for range 20 {
		c, far := s.open(b, ln)
		say(t, c, "hello")
		hear(t, far, "hello")
		c.Close()
		far.Close()
	}
	u.mu.Lock()
	equal(t, "connected", u.connected, 20)
	u.mu.Unlock()
	b.until("all are late", func() bool { return b.gauge("ended: handshake") == stalled })
	b.until("none is open", func() bool { return b.gauge("open") == 0 && b.gauge("client handshakes in progress") == 0 })
}

// recordOfHello is what a client sends first.
func recordOfHello(t *testing.T) []byte {
	a, b := net.Pipe()
	defer a.Close()
	go func() { _ = tls.Client(a, &tls.Config{ServerName: "front.test"}).Handshake() }()
	buf := make([]byte, 16<<10)
	n, err := b.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

// A backend that stalls in its handshake, has a certificate of another name or of another authority, or speaks no TLS, counts as
// one that cannot be connected to.
func TestABackendWhoseHandshakeFailsIsFollowedByAnother(t *testing.T) {
	s := suited(t, false, true)
	for what, want := range map[string]string{
		"stalls": "did not end in time", "other name": `the certificate of "CN=other.test", issued by "CN=authority of a test"`,
		"stranger": "unknown authority", "plain": "handshake", "gone": "handshake",
	} {
		t.Run(what, func(t *testing.T) {
			bad, ln := listening(t), listening(t)
			go func() {
				for {
					c, err := bad.Accept()
					if err != nil {
						return
					}
					go s.fail(c, what)
				}
			}()
			u := &routing{to: func(_ *stage.Accepted, failed stage.Route) (string, error) {
				if failed == nil {
					return bad.address(), nil
				}
				return ln.address(), nil
			}}
			limits := func(l *sinks.TunnelLimits) { l.Handshake, l.Retries = 500*time.Millisecond, 1 }
			b := boringWith(t, u, patience, limits, s.options())
			c, far := s.open(b, ln)
			say(t, c, "hello")
			hear(t, far, "hello")
			equal(t, "routes", u.String(), "1 connected, 1 failed, 0 ended")
			alone := boringWith(t, sinks.Fixed(bad.address()), patience, limits, s.options())
			meetReset(t, alone)
			if r := alone.record(); stage.LabelOf(r.Reason) != "no backend" || !strings.Contains(r.Reason.Error(), want) || r.Tries != 2 {
				t.Errorf("%v after %d tries, not %q", r.Reason, r.Tries, want)
			}
		})
	}
}

// fail is a backend that makes no handshake.
func (s *suit) fail(c net.Conn, what string) {
	defer c.Close()
	config := s.server("127.0.0.1")
	switch what {
	case "stalls":
		_, _ = io.Copy(io.Discard, c)
	case "other name":
		config = s.server("other.test")
	case "stranger":
		config = suited(s.t, false, true).server("127.0.0.1")
	case "plain":
		_, _ = io.WriteString(c, "220 ready\r\n")
		_, _ = io.Copy(io.Discard, c)
	}
	if what != "gone" {
		_ = tls.Server(c, config).Handshake()
	}
}

func TestASessionWithABackendIsResumed(t *testing.T) {
	s := suited(t, true, true)
	ln := listening(t)
	b := boringWith(t, sinks.Fixed(ln.address()), patience, nil, s.options())
	config := s.server("127.0.0.1")
	for i := range 3 {
		c := s.dial(b)
		go func() { _ = c.(*tls.Conn).Handshake() }()
		far := tls.Server(ln.next(), config)
		say(t, far, "x")
		hear(t, c, "x")
		equal(t, "resumed", far.ConnectionState().DidResume, i > 0)
	}
}

// A client that is gone in the midst of either handshake leaves nothing.
func TestClientsThatVanishInAHandshake(t *testing.T) {
	for _, originate := range []bool{false, true} {
		s := suited(t, !originate, originate)
		ln := listening(t)
		go func() { // it accepts, and never answers
			for {
				if _, err := ln.Accept(); err != nil {
					return
				}
			}
		}()
		u := &routing{to: func(*stage.Accepted, stage.Route) (string, error) { return ln.address(), nil }}
		b := boringWith(t, u, patience, nil, s.options())
		hello := recordOfHello(t)
		const n = 100
		for i := range n {
			c := b.dial()
			if i%2 == 0 {
				_, _ = c.Write(hello)
			}
			if i%3 == 0 {
				time.Sleep(time.Millisecond)
			}
			resetNow(c)
		}
		b.until("all have ended", func() bool { return b.gauge("accepted") == n && b.gauge("open") == 0 })
		for _, side := range []string{"client ", "backend "} {
			b.until("none is in progress", func() bool { return b.gauge(side+"handshakes in progress") == 0 })
		}
		if u.connected != 0 || u.ended != 0 {
			t.Error(u)
		}
	}
}

func TestADrainCutsHandshakes(t *testing.T) {
	s := suited(t, true, false)
	b := boringWith(t, sinks.Fixed("127.0.0.1:1"), 300*time.Millisecond, func(l *sinks.TunnelLimits) { l.Handshake = time.Hour }, s.options())
	c, d := b.dial(), b.dial()
	_, _ = c.Write(recordOfHello(t))
	b.until("both are there", func() bool { return b.gauge("open") == 2 && b.gauge("client handshakes in progress") == 1 })
	if err := b.stop(); err == nil || !strings.Contains(err.Error(), "2 connections were cut") {
		t.Error(err)
	}
	_, _ = io.Copy(io.Discard, c)
	_, _ = io.Copy(io.Discard, d)
}

func TestWrongConfigsAreRefused(t *testing.T) {
	for want, opt := range map[string]sinks.TunnelOption{
		"Terminate: there is no config of TLS":                  sinks.Terminate(nil),
		"Terminate: the config of TLS has no certificate":       sinks.Terminate(&tls.Config{}),
		"Originate: there is no config of TLS":                  sinks.Originate(nil),
		"Originate: the config of TLS allows TLS 1.0":           sinks.Originate(&tls.Config{MinVersion: tls.VersionTLS10}),
		"a mirror needs an upstream":                            sinks.Mirror(nil, 1),
		"more than 0 and at most 1, not 1.5":                    sinks.Mirror(sinks.Fixed("127.0.0.1:1"), 1.5),
		"neither host:port nor unix:path":                       sinks.Mirror(sinks.Fixed("nowhere"), 1),
		"Originate needs at least 1 handshake at a time, not 0": func() sinks.TunnelOption { return sinks.Originate(&tls.Config{}) }(),
	} {
		opts := []sinks.TunnelOption{opt}
		if strings.Contains(want, "not 0") {
			l := sinks.DefaultTunnelLimits
			l.Handshakes = 0
			opts = append(opts, sinks.Limits(l))
		}
		if err := refused(opts...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %q", err, want)
		}
	}
}

// The header of the PROXY protocol goes before everything, also before the handshake with a backend, and a mirror is not sent it.
func TestAHeaderGoesBeforeTLS(t *testing.T) {
	suits(t, func(t *testing.T, s *suit) {
		ln, mirror := listening(t), listening(t)
		b := boringWith(t, sinks.Fixed(ln.address()), patience, nil, append(s.options(), sinks.SendProxy(1), sinks.Mirror(sinks.Fixed(mirror.address()), 1)))
		c := s.dial(b)
		said := make(chan error, 1)
		go func() { _, err := io.WriteString(c, "hello"); said <- err }()
		raw := ln.next()
		from := c.LocalAddr().(*net.TCPAddr)
		hear(t, raw, fmt.Sprintf("PROXY TCP4 %s %s %d %s\r\n", from.IP, "127.0.0.1", from.Port, b.addr[strings.LastIndexByte(b.addr, ':')+1:]))
		far := s.accept(raw)
		hear(t, far, "hello")
		hear(t, mirror.next(), "hello")
		if err := <-said; err != nil {
			t.Error(err)
		}
	})
}

// What the source has read to look for the name is the beginning of the handshake.
func TestAHelloThatTheSourceHasReadIsNotLost(t *testing.T) {
	s := suited(t, true, true)
	ln := listening(t)
	names := make(chan string, 100)
	b := boringWith(t, &routing{to: func(a *stage.Accepted, _ stage.Route) (string, error) {
		names <- a.Hello.ServerName
		return ln.address(), nil
	}}, patience, nil, s.options(), tcp.ServerNames())
	for i := range 10 {
		c, far := s.open(b, ln)
		between(t, b, c, far, uint64(i), 100<<10, 100<<10, courses["bursts"], courses["bursts"])
		equal(t, "name", <-names, "front.test")
	}
}
