//go:build unix

package tcp

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/leat-io/leat/internal/sockopt"
)

// A socket is a descriptor that the runtime's poller watches. As an os.File it costs a third less memory than as a net.Conn,
// which keeps both addresses.
type socket = *os.File

// defaults are the options of a source that is told nothing: those that package net gives to every connection.
func defaults() []sockopt.Option {
	return []sockopt.Option{sockopt.NoDelay(true), sockopt.KeepAlive(15*time.Second, 15*time.Second, 9)}
}

// adopt serves a connection that was accepted, or refuses it.
func (s *Source) adopt(fd int, from netip.Addr) {
	c := &conn{fd: -1}
	if !s.admit(c, from) {
		s.refuse(fd)
		return
	}
	for _, o := range s.each {
		_ = o.Set(fd) // it was tried on the listening socket: this peer is gone already
	}
	f := os.NewFile(uintptr(fd), "tcp")
	c.Locked(func(bool) { c.sock, c.fd = f, int32(fd) }) // the sweep of timeouts knows it by now
	s.serve(c)
}

// closeWrite and reset are called with the lock held, or by the goroutine that alone closes the descriptor.

func (c *conn) closeWrite() { _ = syscall.Shutdown(int(c.fd), syscall.SHUT_WR) }

// reset makes the close that follows one that the peer sees as a reset.
func (c *conn) reset() {
	_ = syscall.SetsockoptLinger(int(c.fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
}

// Peer implements stage.Port.
func (c *conn) Peer() (name string) {
	c.Locked(func(bool) {
		if name = "a peer that is gone"; c.fd < 0 {
			return
		}
		switch a, _ := syscall.Getpeername(int(c.fd)); a := a.(type) {
		case *syscall.SockaddrInet4:
			name = (&net.TCPAddr{IP: a.Addr[:], Port: a.Port}).String()
		case *syscall.SockaddrInet6:
			name = (&net.TCPAddr{IP: a.Addr[:], Port: a.Port}).String()
		case *syscall.SockaddrUnix:
			name = "unix socket " + c.source.bound.String() + credentials(int(c.fd))
		}
	})
	return name
}
