package tcp_test

import (
	"net"
	"testing"

	"github.com/leat-io/leat/sources/sourcetest"
	"github.com/leat-io/leat/sources/tcp"
)

func TestKeepsTheContract(t *testing.T) {
	sourcetest.Run(t, func(t testing.TB, o sourcetest.Options) sourcetest.Engine {
		s := tcp.Listen("127.0.0.1:0", tcp.Limits(o.Limits), tcp.MaxConns(o.MaxConns))
		if err := s.Bind(); err != nil {
			t.Fatal(err)
		}
		return sourcetest.Engine{Source: s, Dial: func() (sourcetest.Conn, error) { return dial(s) }}
	})
}

// A client closes with a reset, and its kernel buffers little of what it does not read.
type client struct{ *net.TCPConn }

func dial(s *tcp.Source) (client, error) {
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		return client{}, err
	}
	tc := c.(*net.TCPConn)
	return client{tc}, tc.SetReadBuffer(256 << 10)
}

func (c client) Close() error {
	c.SetLinger(0)
	return c.TCPConn.Close()
}
