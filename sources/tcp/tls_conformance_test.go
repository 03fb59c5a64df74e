package tcp_test

import (
	"crypto/tls"
	"net"
	"testing"

	"github.com/leat-io/leat/internal/certtest"
	"github.com/leat-io/leat/sources/sourcetest"
	"github.com/leat-io/leat/sources/tcp"
)

func TestKeepsTheContractOverTLS(t *testing.T) {
	authority := certtest.New(t)
	server := &tls.Config{Certificates: []tls.Certificate{authority.Issue("localhost")}}
	for _, of := range []struct { // io_uring leaves TLS to epoll, and what the versions differ in is below the engines
		name    string
		engine  tcp.Option
		version uint16
	}{
		{"reactor", tcp.Reactor(2), tls.VersionTLS12},
		{"reactor", tcp.Reactor(2), tls.VersionTLS13},
		{"goroutines", tcp.Goroutines(), tls.VersionTLS13},
	} {
		client := authority.Client("localhost")
		client.MaxVersion = of.version
		t.Run(of.name+"/"+tls.VersionName(of.version), func(t *testing.T) {
			sourcetest.Run(t, func(t testing.TB, o sourcetest.Options) sourcetest.Engine {
				s := tcp.Listen("127.0.0.1:0", of.engine, tcp.Limits(o.Limits), tcp.MaxConns(o.MaxConns), tcp.TLS(server))
				if err := s.Bind(); err != nil {
					t.Fatal(err)
				}
				return sourcetest.Engine{Source: s, Cost: 40 << 10, Dial: func() (sourcetest.Conn, error) { return dialTLS(s, client) }}
			})
		})
	}
}

// A tlsClient closes with a reset, and its kernel buffers little of what it does not read.
type tlsClient struct {
	*tls.Conn
	tcp *net.TCPConn
}

func dialTLS(s *tcp.Source, config *tls.Config) (*tlsClient, error) {
	c, err := dial(s)
	if err != nil {
		return nil, err
	}
	t := &tlsClient{tls.Client(c.TCPConn, config), c.TCPConn}
	if err := t.Handshake(); err != nil {
		c.Close()
		return nil, err
	}
	return t, nil
}

func (c *tlsClient) Close() error {
	c.tcp.SetLinger(0)
	return c.tcp.Close()
}
