package muxnet_test

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/leat-io/leat/sources/muxnet"
)

// pair is a client over TCP and the server that it is connected to, which serves streams with handler.
func pair(t testing.TB, handler func(*muxnet.Stream), opts ...muxnet.Option) (client, server *muxnet.Conn) {
	t.Helper()
	near, far := sockets(t)
	srv := &muxnet.Server{Handler: handler, Options: opts}
	server, err := srv.ServeConn(far)
	if err != nil {
		t.Fatal(err)
	}
	client, err = muxnet.Client(near, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		srv.Close()
	})
	return client, server
}

// sockets are the two ends of a connection over loopback.
func sockets(t testing.TB) (near, far net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	near, err = net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return near, far
}

func echo(s *muxnet.Stream) { _, _ = io.Copy(s, s) }

func open(t testing.TB, c *muxnet.Conn) *muxnet.Stream {
	t.Helper()
	s, err := c.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
