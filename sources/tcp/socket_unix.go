//go:build unix

package tcp

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/leat-io/leat/internal/sockopt"
	"github.com/leat-io/leat/internal/tlsio"
)

// A socket is a descriptor that the runtime's poller watches. As an os.File it costs a third less memory than as a net.Conn,
// which keeps both addresses.
type socket = *os.File

// defaults are the options of a source that is told nothing: those that package net gives to every connection.
func defaults() []sockopt.Option {
	return []sockopt.Option{sockopt.NoDelay(true), sockopt.KeepAlive(15*time.Second, 15*time.Second, 9)}
}

func (g *goroutines) adopt(fd int, from netip.AddrPort) {
	c := &conn{source: g, fd: -1, quota: -1}
	c.Init(c, &g.table.Terms)
	if !g.table.AddFrom(&c.Conn, from.Addr()) {
		g.refuse(fd)
		return
	}
	g.setEach(fd)
	if g.tls != nil {
		c.tls = tlsio.Server((*connWire)(c), g.tls, g.crew)
	}
	f := os.NewFile(uintptr(fd), "tcp")
	c.Locked(func(bool) { c.sock, c.fd = f, int32(fd) }) // the sweep of timeouts knows it by now
	g.serve(c)
}

// setEach sets the options that a connection does not inherit.
func (s *Source) setEach(fd int) {
	for _, o := range s.each {
		_ = o.Set(fd) // it was tried on the listening socket: this peer is gone already
	}
}

// closeWrite and reset are called with the lock held, or by the goroutine that alone closes the descriptor.

func (c *conn) closeWrite() { _ = syscall.Shutdown(int(c.fd), syscall.SHUT_WR) }

// reset makes the close that follows one that the peer sees as a reset.
func (c *conn) reset() {
	_ = syscall.SetsockoptLinger(int(c.fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
}

// Peer implements stage.Port.
func (c *conn) Peer() (name string) {
	c.Locked(func(bool) { name = c.source.peer(int(c.fd)) })
	return name
}

// peer names the other side of a connection. The descriptor is negative when it is closed, and cannot be closed meanwhile.
func (s *Source) peer(fd int) string {
	if fd >= 0 {
		switch a, _ := syscall.Getpeername(fd); a := a.(type) {
		case *syscall.SockaddrInet4:
			return (&net.TCPAddr{IP: a.Addr[:], Port: a.Port}).String()
		case *syscall.SockaddrInet6:
			return (&net.TCPAddr{IP: a.Addr[:], Port: a.Port}).String()
		case *syscall.SockaddrUnix:
			return "unix socket " + s.bound.String() + credentials(fd)
		}
	}
	return "a peer that is gone"
}
