package muxserve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/leat-io/leat/cmd/leat/handoff"
	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
	"github.com/leat-io/leat/sources/muxnet"
	"github.com/leat-io/leat/stage"
)

// A Server serves connections of the mux protocol that are handed to its Serve.
type Server struct {
	mux  *muxnet.Server
	warn *handoff.Warnings

	once sync.Once
	left chan struct{} // closed by Leave
}

// New makes a server. Its connections that break the protocol are logged to warn.
func New(srv *muxnet.Server, warn *handoff.Warnings) *Server {
	return &Server{mux: srv, warn: warn, left: make(chan struct{})}
}

// Leave has all connections end when their streams have: clients are told to open no more.
func (s *Server) Leave() { s.once.Do(func() { close(s.left) }) }

// Serve serves one connection. It is a handoff.Serve.
func (s *Server) Serve(ctx context.Context, transport net.Conn, _ handoff.Peer) error {
	c, err := s.mux.ServeConn(transport)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	select {
	case <-c.Done():
	case <-s.left:
		_ = c.Shutdown(ctx)
		<-c.Done()
	}
	err = c.Err()
	switch {
	case errors.Is(err, session.ErrEnded):
		return nil
	case broken(err):
		s.warn.Warn("a connection has broken the protocol", "peer", c.RemoteAddr().String(), "error", err)
		return fmt.Errorf("%w: %w", stage.ErrMalformed, err)
	}
	return fmt.Errorf("%w: %w", stage.ErrReset, err) // the transport has failed, or ended too early
}

// broken says whether an error is one of the protocol.
func broken(err error) bool {
	_, is := errors.AsType[*mux.Error](err)
	return is
}
