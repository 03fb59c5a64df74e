//go:build !unix

package tcp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"time"

	"github.com/leat-io/leat/internal/sockopt"
)

// A listener is a net.TCPListener with the names of the calls that a socket has elsewhere.
type listener struct{ *net.TCPListener }

func listenOn(ln *net.TCPListener) (listener, error) { return listener{ln}, nil }

func (l listener) SetReadDeadline(t time.Time) error { return l.SetDeadline(t) }

func (listener) retire() {}

func (s *Source) listenUnix(string) (listener, net.Addr, error) {
	return listener{}, nil, fmt.Errorf("the address %q is that of a unix socket: they are not available on %s", s.addr, runtime.GOOS)
}

// defaults are left to package net, which sets the same as the source does elsewhere.
func defaults() []sockopt.Option { return nil }

func (s *goroutines) acceptSome() error {
	for !s.deaf.Load() {
		waited := s.intake.wait(s.quit)
		nc, err := s.ln.AcceptTCP()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
		s.intake.took(waited)
		var from netip.Addr
		if a, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
			from = a.AddrPort().Addr()
		}
		c := &conn{source: s, quota: -1, sock: nc}
		c.Init(c, &s.table.Terms)
		if !s.table.AddFrom(&c.Conn, from) {
			nc.CloseWrite()
			nc.Close()
			continue
		}
		s.serve(c)
	}
	return nil
}

// adopt is not called: acceptSome does it.
func (*goroutines) adopt(int, netip.AddrPort) {}

// acceptRest has nothing to ask: connections in the backlog are lost to a stop.
func (s *Source) acceptRest() {}
