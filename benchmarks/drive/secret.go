//go:build linux

package drive

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
)

// A Secret is what the client of a TLS server needs to know. It speaks TLS 1.3 alone, with one key exchange and
// TLS_AES_128_GCM_SHA256, which every server takes from it.
type Secret struct {
	Certificate []byte // of the server, PEM
	Name        string // that is in it
	Curve       tls.CurveID
	Resumed     bool // sessions are resumed, by Shake
}

// Dial opens a connection on which the handshake is over. Sessions are kept in the cache, or nowhere, when there is none: the
// server makes tickets in either case, as it does for a browser that comes for the first time.
func (s *Secret) Dial(addr string, cache tls.ClientSessionCache) (*tls.Conn, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return s.shake(nc, cache, nil)
}

// shake closes nc when the handshake fails.
func (s *Secret) shake(nc net.Conn, cache tls.ClientSessionCache, more func(*tls.Config)) (*tls.Conn, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(s.Certificate) {
		nc.Close()
		return nil, errors.New("there is no certificate")
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots, ServerName: s.Name, CurvePreferences: []tls.CurveID{s.Curve}, ClientSessionCache: cache}
	if cache == nil {
		cfg.ClientSessionCache = forgetful{}
	}
	if more != nil {
		more(cfg)
	}
	c := tls.Client(nc, cfg)
	if err := c.Handshake(); err != nil {
		nc.Close()
		return nil, fmt.Errorf("shaking hands: %w", err)
	}
	if state := c.ConnectionState(); state.CipherSuite != tls.TLS_AES_128_GCM_SHA256 || state.CurveID != s.Curve {
		nc.Close()
		return nil, fmt.Errorf("the server chose %s and %v", tls.CipherSuiteName(state.CipherSuite), state.CurveID)
	}
	return c, nil
}

// Dialer is for Verify and Hold.
func (s *Secret) Dialer() Dialer {
	return func(addr string) (net.Conn, error) { return s.Dial(addr, nil) }
}

// forgetful keeps no session.
type forgetful struct{}

func (forgetful) Get(string) (*tls.ClientSessionState, bool) { return nil, false }
func (forgetful) Put(string, *tls.ClientSessionState)        {}
