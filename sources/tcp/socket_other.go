//go:build !unix

package tcp

import (
	"errors"
	"net"
	"os"
	"time"
)

type socket = *net.TCPConn

// A listener is a net.TCPListener with the names of the calls that a socket has elsewhere.
type listener struct{ *net.TCPListener }

func listenOn(ln *net.TCPListener) (listener, error) { return listener{ln}, nil }

func (l listener) SetReadDeadline(t time.Time) error { return l.SetDeadline(t) }

func (s *Source) acceptSome() error {
	for !s.stopping.Load() {
		nc, err := s.ln.AcceptTCP()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
		s.serve(&conn{sock: nc})
	}
	return nil
}

// acceptRest has nothing to ask: connections in the backlog are lost to a stop.
func (s *Source) acceptRest() {}

func (c *conn) closeWrite() { c.sock.CloseWrite() }

func (c *conn) reset() { c.sock.SetLinger(0) }

// Peer implements stage.Port.
func (c *conn) Peer() string { return c.sock.RemoteAddr().String() }
