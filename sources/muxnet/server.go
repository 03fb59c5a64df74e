package muxnet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"
)

// Dial connects and makes the client's side of the protocol. The network is tcp, unix, or another that net.Dialer knows.
func Dial(ctx context.Context, network, address string, opts ...Option) (*Conn, error) {
	var d net.Dialer
	transport, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c, err := Client(transport, opts...)
	if err != nil {
		_ = transport.Close()
	}
	return c, err
}

// A Server serves the streams that clients open.
type Server struct {
	Handler func(*Stream) // is called for each in a goroutine of its own; the stream is closed when it returns
	Options []Option
	Logger  *slog.Logger // of what harms one connection; nil stands for slog.Default

	mu        sync.Mutex
	conns     map[*Conn]struct{}
	listeners map[net.Listener]struct{}
	stopping  bool
	handlers  sync.WaitGroup // that run
}

// ErrServerClosed is that of Serve behind Shutdown or Close.
var ErrServerClosed = errors.New("muxnet: the server was closed")

// Serve accepts connections until the listener fails or the server is shut down, and owns the listener.
func (s *Server) Serve(ln net.Listener) error {
	s.mu.Lock()
	if s.stopping {
		s.mu.Unlock()
		return errors.Join(ErrServerClosed, ln.Close())
	}
	if s.listeners == nil {
		s.listeners = make(map[net.Listener]struct{})
	}
	s.listeners[ln] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, ln)
		s.mu.Unlock()
		_ = ln.Close()
	}()
	for pause := time.Duration(0); ; {
		transport, err := ln.Accept()
		switch {
		case err == nil:
			pause = 0
			if _, err := s.ServeConn(transport); err != nil {
				return err
			}
		case s.stopped():
			return ErrServerClosed
		case errors.Is(err, net.ErrClosed):
			return err
		default: // out of descriptors, or a peer that is gone already
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.logger().Warn("a connection cannot be accepted", "error", err, "again in", pause)
			time.Sleep(pause)
		}
	}
}

// ServeConn serves one connection, which it owns, and returns at once.
func (s *Server) ServeConn(transport net.Conn) (*Conn, error) {
	if s.Handler == nil {
		panic("muxnet: a Server without a Handler")
	}
	s.mu.Lock() // until the connection is one of those that are to be shut down: its other side may count on it at once
	defer s.mu.Unlock()
	if s.stopping {
		return nil, errors.Join(ErrServerClosed, transport.Close())
	}
	c, err := begin(transport, s, s.Handler, s.Options)
	if err != nil {
		return nil, errors.Join(err, transport.Close())
	}
	if s.conns == nil {
		s.conns = make(map[*Conn]struct{})
	}
	s.conns[c] = struct{}{}
	go func() {
		<-c.done
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	return c, nil
}

// Shutdown accepts no more connections and streams, waits until the streams that are open have ended and their handlers have returned, and
// closes the connections. When ctx ends before that, it closes them at once and returns the error of ctx.
func (s *Server) Shutdown(ctx context.Context) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	for _, c := range s.stop() {
		wg.Go(func() {
			if err := c.Shutdown(ctx); err != nil {
				mu.Lock()
				first = err
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if first != nil {
		return first
	}
	returned := make(chan struct{})
	go func() { // nobody reads a connection any more, so that no handler begins
		s.handlers.Wait()
		close(returned)
	}()
	select {
	case <-returned:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close closes all listeners and connections.
func (s *Server) Close() error {
	var wg sync.WaitGroup
	for _, c := range s.stop() {
		wg.Go(func() { _ = c.Close() })
	}
	wg.Wait()
	return nil
}

func (s *Server) stop() (conns []*Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	for ln := range s.listeners {
		_ = ln.Close()
	}
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

func (s *Server) stopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// logger is where to log, also of a connection that no Server has accepted.
func (s *Server) logger() *slog.Logger {
	if s != nil && s.Logger != nil {
		return s.Logger
	}
	return slog.Default()
}

// panicked logs the panic of a handler, which has cost its stream.
func (s *Server) panicked(c *Conn, v any) {
	s.logger().Error("a handler has panicked", "peer", c.RemoteAddr(), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
}
