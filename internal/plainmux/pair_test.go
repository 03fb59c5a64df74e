package plainmux_test

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/leat-io/leat/internal/plainmux"
)

func pipes(*testing.T) (net.Conn, net.Conn) { return net.Pipe() }

func overTCP(t *testing.T) (net.Conn, net.Conn) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	dialed, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return dialed, accepted
}

// everywhere runs a test over both transports.
func everywhere(t *testing.T, f func(t *testing.T, transport func(*testing.T) (net.Conn, net.Conn))) {
	t.Run("pipe", func(t *testing.T) { f(t, pipes) })
	t.Run("tcp", func(t *testing.T) { f(t, overTCP) })
}

func pair(t *testing.T, a, b net.Conn, config plainmux.Config) (client, server *plainmux.Conn) {
	t.Helper()
	failed := make(chan error, 1)
	go func() {
		var err error
		server, err = plainmux.Server(b, config)
		failed <- err
	}()
	client, err := plainmux.Client(a, config)
	if err := errors.Join(err, <-failed); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// attack is a server and a raw client of it.
func attack(t *testing.T, a, b net.Conn, config plainmux.Config) (*plainmux.RawConn, *plainmux.Conn) {
	t.Helper()
	raw := plainmux.Raw(a)
	done := make(chan error, 1)
	go func() { done <- raw.Handshake(config) }()
	server, err := plainmux.Server(b, config)
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close(); server.Close() })
	return raw, server
}

func wantCode(t *testing.T, err error, code plainmux.Code) {
	t.Helper()
	var e *plainmux.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("got %v, want code %d", err, code)
	}
}

func small() plainmux.Config {
	s := plainmux.DefaultSettings()
	s.MaxFrame, s.StreamWindow, s.ConnectionWindow = 16<<10, 100, 64<<10
	return plainmux.Config{Settings: &s, Features: plainmux.Checksums}
}

// wantGoAway reads until a GOAWAY with the code, behind which nothing comes.
func wantGoAway(t *testing.T, raw *plainmux.RawConn, code plainmux.Code) {
	t.Helper()
	for {
		f, err := raw.Next()
		if err != nil {
			t.Fatalf("%v came instead of GOAWAY", err)
		}
		if f.Type != plainmux.GoAway {
			continue
		}
		if got := plainmux.Code(f.Payload[4]); got != code {
			t.Errorf("GOAWAY has code %d instead of %d: %q", got, code, f.Payload[8:])
		}
		if f, err = raw.Next(); err != io.EOF && !errors.Is(err, io.ErrClosedPipe) { // a pipe that is closed takes no deadline
			t.Errorf("behind GOAWAY came %v, %v", f, err)
		}
		return
	}
}
