package sinks_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"

	"github.com/leat-io/leat/internal/certtest"
	"github.com/leat-io/leat/sinks"
)

// A suit is how the two sides of a tunnel speak, and what it takes to be a client and a backend of it.
type suit struct {
	t                    testing.TB
	authority            *certtest.Authority
	terminate, originate bool
	client               *tls.Config // of clients
	version              uint16      // the latest
}

func suits(t testing.TB, run func(t *testing.T, s *suit)) {
	for _, name := range []string{"plain", "terminate", "originate", "both"} {
		t.(*testing.T).Run(name, func(t *testing.T) {
			run(t, suited(t, name == "terminate" || name == "both", name == "originate" || name == "both"))
		})
	}
}

func suited(t testing.TB, terminate, originate bool) *suit {
	a := certtest.New(t)
	return &suit{t: t, authority: a, terminate: terminate, originate: originate, client: a.Client("front.test")}
}

func (s *suit) server(name string) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{s.authority.Issue(name)}, NextProtos: []string{"leat/1"}}
}

func (s *suit) options() (with []sinks.TunnelOption) {
	if s.terminate {
		with = append(with, sinks.Terminate(s.server("front.test")))
	}
	if s.originate {
		with = append(with, sinks.Originate(&tls.Config{RootCAs: s.authority.Pool()}))
	}
	return with
}

// dial connects a client.
func (s *suit) dial(b *bore) stream {
	c := b.dial()
	if !s.terminate {
		return c
	}
	config := s.client.Clone()
	config.MaxVersion = s.version
	return tls.Client(c, config)
}

// accept is the backend's end of a connection.
func (s *suit) accept(c net.Conn) stream {
	if !s.originate {
		return c.(*net.TCPConn)
	}
	config := s.server("127.0.0.1")
	config.MaxVersion = s.version
	return tls.Server(c, config)
}

// open opens a tunnel, and returns its ends.
func (s *suit) open(b *bore, ln backend) (c, far stream) {
	s.t.Helper()
	c = s.dial(b)
	var wg sync.WaitGroup
	shake := func(c stream) {
		if c, ok := c.(*tls.Conn); ok {
			wg.Go(func() {
				if err := c.Handshake(); err != nil {
					s.t.Error(err)
				}
			})
		}
	}
	shake(c)
	far = s.accept(ln.next())
	shake(far)
	wg.Wait()
	return c, far
}

// sides runs a test for each side of a tunnel of its own: from is the end that is called who, and to the other one.
func (s *suit) sides(run func(who string, b *bore, from, to stream)) {
	for _, who := range []string{"client", "backend"} {
		ln := listening(s.t)
		b := boringWith(s.t, sinks.Fixed(ln.address()), patience, nil, s.options())
		c, far := s.open(b, ln)
		if who == "client" {
			run(who, b, c, far)
		} else {
			run(who, b, far, c)
		}
	}
}

// cut ends a connection without a farewell, with all that has been sent.
func cut(c stream) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn().(*net.TCPConn)
	}
	c.CloseWrite()
}

func reset(c stream) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn().(*net.TCPConn)
	}
	resetNow(c.(*net.TCPConn))
}

// hearCut wants the end of the connection, and no end of the stream.
func hearCut(t testing.TB, c stream) {
	t.Helper()
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("heard %d bytes, %v, not a reset", n, err)
	}
}
