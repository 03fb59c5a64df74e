package muxnet_test

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/sources/muxnet"
)

// bubble runs f with a client over a pipe and the server that it is connected to, in time that only passes when everybody waits.
func bubble(t *testing.T, srv *muxnet.Server, f func(t *testing.T, client, server *muxnet.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		near, far := piped()
		if srv.Logger == nil {
			srv.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
		}
		server, err := srv.ServeConn(far)
		if err != nil {
			t.Fatal(err)
		}
		client, err := muxnet.Client(near)
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Close()
		defer client.Close()
		f(t, client, server)
	})
}

// piped are the two ends of a pipe that streams read themselves, as they do with sockets.
func piped() (near, far net.Conn) {
	near, far = net.Pipe()
	return socket{near}, socket{far}
}

// A socket is a transport that is taken for one.
type socket struct{ net.Conn }

func (socket) SyscallConn() (syscall.RawConn, error) { return nil, errors.ErrUnsupported }
