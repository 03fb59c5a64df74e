package muxnet_test

import (
	"context"
	"crypto/tls"
	"net"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/leat-io/leat/internal/certtest"
	"github.com/leat-io/leat/sources/muxnet"
)

// carriers are the connections that the protocol is carried by in tests. Each makes the two ends of one.
var carriers = map[string]func(t testing.TB) (near, far net.Conn){
	"tcp":  sockets,
	"pipe": func(testing.TB) (near, far net.Conn) { return net.Pipe() },
	"unix": overUnix,
	"tls": func(t testing.TB) (near, far net.Conn) {
		authority := certtest.New(t)
		near, far = sockets(t)
		far = tls.Server(far, &tls.Config{Certificates: []tls.Certificate{authority.Issue("mux.test")}})
		return tls.Client(near, authority.Client("mux.test")), far
	},
}

func TestAStreamDoesWhatANetConnDoes(t *testing.T) {
	for name, transport := range carriers {
		t.Run(name, func(t *testing.T) {
			nettest.TestConn(t, func() (near, far net.Conn, stop func(), err error) { return streams(t, transport) })
		})
		t.Run(name+" checked", func(t *testing.T) {
			nettest.TestConn(t, func() (near, far net.Conn, stop func(), err error) { return streams(t, transport, muxnet.Checksums()) })
		})
	}
}

func overUnix(t testing.TB) (near, far net.Conn) {
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	near, err = net.Dial("unix", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return near, far
}

// streams are the two ends of one stream.
func streams(t *testing.T, transport func(testing.TB) (near, far net.Conn), opts ...muxnet.Option) (near, far net.Conn, stop func(), err error) {
	a, b := transport(t)
	arrived, leave := make(chan *muxnet.Stream), make(chan struct{})
	srv := &muxnet.Server{Options: opts, Handler: func(s *muxnet.Stream) { arrived <- s; <-leave }}
	if _, err := srv.ServeConn(b); err != nil {
		return nil, nil, nil, err
	}
	client, err := muxnet.Client(a, opts...)
	if err != nil {
		return nil, nil, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s, err := client.Open(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	return s, <-arrived, func() { close(leave); client.Close(); srv.Close() }, nil
}
