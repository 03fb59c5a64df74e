package tlsio

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"github.com/leat-io/leat/internal/certtest"
	"github.com/leat-io/leat/stage"
)

func figures(c *Crew) map[string]string {
	all := map[string]string{}
	c.Figures(func(name, value string) { all[name] = value })
	return all
}

func want(t *testing.T, c *Crew, figs ...string) {
	t.Helper()
	have := figures(c)
	for _, f := range figs {
		name, value, _ := strings.Cut(f, "=")
		if have[name] != value {
			t.Errorf("%s is %q, not %q, in %v", name, have[name], value, have)
		}
	}
}

func TestWhoDoesNotSpeakTLSCostsNoGoroutine(t *testing.T) {
	server, _ := configs(t)
	for sent, reason := range map[string]string{
		"GET / HTTP/1.1\r\n\r\n":   "plain http",
		"PRI * HTTP/2.0\r\n":       "plain http",
		"SSH-2.0-x\r\n":            "not tls",
		"\x80\x2e\x01\x03\x01":     "not tls",
		"\x16\x03\x01\xff\xff\x01": "not tls",
		"\x16\x03\x01\x00\x00":     "not tls",
	} {
		crew := NewCrew(1)
		s, c := peers(1<<16, server, server, crew)
		s.Handshake(func(error) { t.Error("a goroutine was started") })
		c.wire.Write([]byte(sent))
		if err := s.Continue(); err == nil || Reason(err) != reason {
			t.Errorf("%q: %v", sent, err)
		}
		if s.Abort() {
			t.Errorf("%q: it is busy", sent)
		}
		want(t, crew, "handshakes failed=1", "handshake failed: "+reason+"=1", "handshakes in progress=0")
	}
}

// A hello that drips in has no goroutine before it is whole, whatever length it claims.
func TestAHelloThatDripsInHasNoGoroutine(t *testing.T) {
	server, client := configs(t)
	crew, other := NewCrew(1), NewCrew(1)
	s, c := peers(1<<16, server, client, crew)
	c.Session = Client(c.wire, client, other)
	c.Handshake(func(err error) { c.done <- err })
	<-s.wire.changed
	hello := append([]byte(nil), s.wire.in.b...)
	s.wire.in.b = nil
	s.Handshake(func(err error) { s.done <- err })
	for i, b := range hello {
		s.wire.in.b = append(s.wire.in.b, b)
		if err := s.Continue(); err != nil {
			t.Fatal(err)
		}
		if n := figures(crew)["handshakes in progress"]; i < len(hello)-1 && n != "0" {
			t.Fatalf("%s handshakes are in progress at byte %d of %d", n, i, len(hello))
		}
	}
	want(t, crew, "handshakes in progress=1")
	if !s.Abort() {
		t.Error("it is not busy")
	}
	if err := <-s.done; Reason(err) != "given up" {
		t.Error(err)
	}
	c.Abort()
	<-c.done
}

func TestMoreHandshakesThanMayBeWaitForTheirTurn(t *testing.T) {
	server, client := configs(t)
	crew, other := NewCrew(2), NewCrew(100)
	var stalled, waiting []*peer
	for i := range 6 {
		s, c := peers(1<<16, server, client, crew)
		c.Session = Client(c.wire, client, other)
		c.Handshake(func(err error) { c.done <- err })
		<-s.wire.changed
		s.Handshake(func(err error) { s.done <- err })
		if err := s.Continue(); err != nil {
			t.Fatal(err)
		}
		if i < 2 {
			stalled = append(stalled, s)
		} else {
			waiting = append(waiting, s)
		}
		defer func() { c.Abort(); <-c.done }()
	}
	want(t, crew, "handshakes in progress=2", "handshakes waiting=4")
	if waiting[0].Abort() {
		t.Error("one that waits has no goroutine")
	}
	waiting[1].Limit(0)
	if err := waiting[1].Continue(); err != stage.ErrStopped {
		t.Errorf("one that waits at a stop: %v", err)
	}
	want(t, crew, "handshakes waiting=2", "handshake failed: given up=2")
	for _, s := range append(stalled, waiting[2:]...) {
		s.Limit(0) // what has arrived is not enough
		if err := <-s.done; err != stage.ErrStopped {
			t.Errorf("at a stop: %v", err)
		}
	}
	want(t, crew, "handshakes in progress=0", "handshakes waiting=0", "handshake failed: stopped=4")
}

func TestReasonsOfFailedHandshakesAreCounted(t *testing.T) {
	authority, stranger := certtest.New(t), certtest.New(t)
	base := func() (s, c *tls.Config) {
		return &tls.Config{Certificates: []tls.Certificate{authority.Issue("localhost")}, MinVersion: tls.VersionTLS12}, authority.Client("localhost")
	}
	mutual := func(with ...tls.Certificate) func() (s, c *tls.Config) {
		return func() (s, c *tls.Config) {
			s, c = base()
			s.ClientAuth, s.ClientCAs = tls.RequireAndVerifyClientCert, authority.Pool()
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if len(with) == 0 {
					return new(tls.Certificate), nil
				}
				return &with[0], nil
			}
			return s, c
		}
	}
	for reason, configure := range map[string]func() (s, c *tls.Config){
		"version": func() (s, c *tls.Config) {
			s, c = base()
			c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
			return s, c
		},
		"nothing in common": func() (s, c *tls.Config) {
			s, c = base()
			s.CurvePreferences, c.CurvePreferences = []tls.CurveID{tls.X25519}, []tls.CurveID{tls.CurveP256}
			return s, c
		},
		"application protocol": func() (s, c *tls.Config) {
			s, c = base()
			s.NextProtos, c.NextProtos = []string{"a"}, []string{"b"}
			return s, c
		},
		"refused by the peer": func() (s, c *tls.Config) {
			s, c = base()
			c.RootCAs = stranger.Pool()
			return s, c
		},
		"panic": func() (s, c *tls.Config) {
			s, c = base()
			s.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { panic("as asked") }
			return s, c
		},
		"no certificate of the peer":                      mutual(),
		"certificate of the peer expired":                 mutual(authority.Expired("client")),
		"certificate of the peer of an unknown authority": mutual(stranger.Issue("client")),
	} {
		server, client := configure()
		crew := NewCrew(2)
		s, c := peers(1<<16, server, client, crew)
		c.Session = Client(c.wire, client, NewCrew(2))
		ended := make(chan error, 1)
		go func() { ended <- c.shakeHands() }()
		err := s.shakeHands()
		s.wire.cut()
		<-ended // perhaps without an error: a client of TLS 1.3 does not wait for what the server thinks of it
		if err == nil || Reason(err) != reason {
			t.Errorf("%s: %v", reason, err)
		}
		want(t, crew, "handshake failed: "+reason+"=1")
	}
}

func TestSessionsAreResumed(t *testing.T) {
	server, client := configs(t)
	client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	for _, version := range versions {
		client.MaxVersion = version
		crew := NewCrew(2)
		for range 2 {
			s, c := peers(1<<16, server, client, crew)
			c.Session = Client(c.wire, client, NewCrew(2))
			failed := make(chan error, 1)
			go func() { failed <- c.shakeHands() }()
			if err := errors.Join(s.shakeHands(), <-failed); err != nil {
				t.Fatal(err)
			}
			c.Read(make([]byte, 1)) // the ticket
		}
		want(t, crew, "handshakes=2", "handshakes resumed=1")
	}
}

// A transport that waits makes its handshake on the goroutine of its owner.
func TestAHandshakeOverATransportThatWaits(t *testing.T) {
	server, client := configs(t)
	a, b := certtest.Sockets(t)
	crew := NewCrew(1)
	s := Server(nil, server, crew)
	failed := make(chan error, 1)
	go func() { failed <- tls.Client(b, client).Handshake() }()
	if err := errors.Join(s.HandshakeOver(a), <-failed); err != nil || !s.Established() {
		t.Error(err)
	}
	want(t, crew, "handshakes=1", "handshakes in progress=0")
	a.Close()
	b.Close()
}

// Each KeyUpdate wants an answer. A peer that reads none of them is not answered without end.
func TestAFloodOfKeyUpdatesIsBounded(t *testing.T) {
	server, client := configs(t)
	s, c := established(t, 1<<20, server, client)
	s.wire.out.room = 0 // nothing that the server writes is taken
	p := (*pipe)(s.Session)
	var err error
	for range mostPending {
		if _, err = p.Write(make([]byte, 30)); err != nil {
			break
		}
	}
	if err != errFull {
		t.Errorf("%v", err)
	}
	if n := len(s.out.b); n > mostPending+bufferSize {
		t.Errorf("%d bytes are held", n)
	}
	_ = c
}
