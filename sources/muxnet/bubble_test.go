package muxnet_test

import (
	"io"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/sources/muxnet"
)

// bubble runs f with a client over a pipe and the server that it is connected to, in time that only passes when everybody waits.
func bubble(t *testing.T, srv *muxnet.Server, f func(t *testing.T, client, server *muxnet.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
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
