package tlsconf

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

// Whether clients are asked for certificates.
const (
	Off      = "off"      // they are not
	Optional = "optional" // one that is given must be good
	Required = "required" // there must be one, and it must be good
)

// ClientAuths are the words for that.
var ClientAuths = []string{Off, Optional, Required}

// A Server says what a server offers. At least one pair is needed; the zero value of everything else is a good choice.
type Server struct {
	Pairs      []Pair   // the one whose names match that which the client asks for is shown, otherwise the first
	Policy     string   // one of Policies; "" is Intermediate
	Curves     []string // key exchanges by preference, names of Curves; none for those of crypto/tls
	Protocols  []string // application protocols by preference (ALPN)
	ClientAuth string   // one of ClientAuths; "" is Required with ClientCA, and otherwise Off
	ClientCA   string   // file of the authorities of clients
	NoTickets  bool     // sessions cannot be resumed
}

// Live is the configuration of a server, which can be read again.
type Live struct {
	server  Server
	outer   *tls.Config
	current atomic.Pointer[tls.Config]

	mu       sync.Mutex
	warnings []string // guarded by mu
}

// Open reads the files. Everything that is wrong is an error.
func (s Server) Open() (*Live, error) {
	l := &Live{server: s}
	if err := l.Reload(); err != nil {
		return nil, err
	}
	// The keys of tickets are those of this config, which crypto/tls renews each day, because those that it hands out have none
	// of their own: so they last beyond a reload. It has no certificate, and would serve nobody.
	l.outer = &tls.Config{
		MinVersion:             l.current.Load().MinVersion,
		SessionTicketsDisabled: s.NoTickets,
		GetConfigForClient:     func(*tls.ClientHelloInfo) (*tls.Config, error) { return l.current.Load(), nil },
	}
	return l, nil
}

// Config is for the connections of the server. It is always the same one, and what it hands out is what was read last.
func (l *Live) Config() *tls.Config { return l.outer }

// Reload reads the files again, for new connections. With an error everything stays as it was.
func (l *Live) Reload() error {
	c, warnings, err := l.server.read()
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current.Store(c)
	l.warnings = warnings
	return nil
}

// Warnings are what is odd about the files that were read last, although they can be used.
func (l *Live) Warnings() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.warnings
}

func (s Server) read() (c *tls.Config, warnings []string, err error) {
	c = &tls.Config{NextProtos: s.Protocols, SessionTicketsDisabled: s.NoTickets}
	if err := apply(c, s.Policy, s.Curves); err != nil {
		return nil, nil, err
	}
	if len(s.Pairs) == 0 {
		return nil, nil, errors.New("a server of TLS needs a certificate")
	}
	for _, p := range s.Pairs {
		cert, odd, err := p.load()
		if err != nil {
			return nil, nil, err
		}
		c.Certificates = append(c.Certificates, cert)
		warnings = append(warnings, odd...)
	}
	return c, warnings, s.verify(c)
}

// verify sets how clients are verified. Without authorities of its own, crypto/tls would take those of the system.
func (s Server) verify(c *tls.Config) (err error) {
	switch {
	case s.ClientAuth == Off, s.ClientAuth == "" && s.ClientCA == "":
		if s.ClientCA != "" {
			return fmt.Errorf("the authorities %s verify nobody while clients are not asked for a certificate", s.ClientCA)
		}
		return nil
	case s.ClientAuth == Required, s.ClientAuth == "":
		c.ClientAuth = tls.RequireAndVerifyClientCert
	case s.ClientAuth == Optional:
		c.ClientAuth = tls.VerifyClientCertIfGiven
	default:
		return fmt.Errorf("there is no way %q to ask for a client's certificate; choose %s", s.ClientAuth, strings.Join(ClientAuths, ", "))
	}
	if s.ClientCA == "" {
		return errors.New("clients are to be verified, and there is no file of their authorities")
	}
	c.ClientCAs, err = authorities(s.ClientCA)
	return err
}
