package muxnet_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/sources/muxnet"
)

// A slow transport writes nothing before it is let go.
type slow struct {
	net.Conn
	free chan struct{}
}

func (c *slow) Write(b []byte) (int, error) {
	<-c.free
	return c.Conn.Write(b)
}

// A client may count on a server whose settings it has, and have opened streams of which the server does not know: they are refused, so that
// they can be tried elsewhere, and not lost.
func TestStreamsUnderWayToAServerThatIsShutDownAreRefused(t *testing.T) {
	near, far := sockets(t)
	srv := &muxnet.Server{Handler: echo}
	if _, err := srv.ServeConn(far); err != nil {
		t.Fatal(err)
	}
	held := &slow{near, make(chan struct{})}
	c, err := muxnet.Client(held)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := open(t, c)
	if _, err := s.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	down := make(chan error, 1)
	go func() { down <- srv.Shutdown(context.Background()) }()
	select {
	case err := <-down:
		t.Errorf("the server is down before it knows of the stream: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(held.free)
	if _, err := s.Read(make([]byte, 1)); !refused(err) {
		t.Errorf("the stream has ended with %v", err)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}

func refused(err error) bool {
	e, ok := errors.AsType[*mux.Error](err)
	return ok && e.Code == mux.Refused
}

// Who connects to a server that is shut down is told nothing that it could count on.
func TestAConnectionToAServerThatIsShutDownIsClosedAtOnce(t *testing.T) {
	srv := &muxnet.Server{Handler: echo}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	near, far := sockets(t)
	defer near.Close()
	if _, err := srv.ServeConn(far); !errors.Is(err, muxnet.ErrServerClosed) {
		t.Errorf("it is served: %v", err)
	}
	if n, err := io.Copy(io.Discard, near); n > 0 || err != nil {
		t.Errorf("it was sent %d bytes, %v", n, err)
	}
}

// A handler that goes on when its connection has ended is waited for.
func TestShutdownWaitsForHandlers(t *testing.T) {
	var returned bool
	srv := &muxnet.Server{Handler: func(s *muxnet.Stream) {
		_, _ = io.ReadAll(s)
		time.Sleep(time.Minute)
		returned = true
	}}
	bubble(t, srv, func(t *testing.T, client, server *muxnet.Conn) {
		_ = open(t, client).Close()
		synctest.Wait() // the handler sleeps
		_ = client.Close()
		<-server.Done()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := srv.Shutdown(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with too little time it ended with %v", err)
		}
		if err := srv.Shutdown(t.Context()); err != nil || !returned {
			t.Errorf("it ended with %v, the handler has returned: %v", err, returned)
		}
	})
}
