//go:build linux

package main

import (
	"io"
	"net"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// sources is how many addresses of the loopback network connections come from, in turn, because each has only some ten thousand
// ports, and who closes first keeps one for a while.
const sources = 250

// newRaw has a TCP connection for each stream.
func newRaw(n *network, _ int, t *tally) (session, error) {
	go serveAll(n.ln.Accept, t)
	var opened atomic.Uint32
	return multiplexer{
		begin: func() (io.ReadWriteCloser, error) {
			if n.link != nil {
				return n.dial()
			}
			from := net.IPv4(127, 0, 0, byte(2+opened.Add(1)%sources))
			return n.dialWith(&net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Control: portWhenConnecting})
		},
		end: func() {},
	}, nil
}

// portWhenConnecting leaves the port to connect, which knows the other end: so each source address has all ports.
func portWhenConnecting(_, _ string, c syscall.RawConn) (err error) {
	c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1) })
	return err
}
