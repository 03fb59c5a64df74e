//go:build linux

package main

import (
	"bufio"
	"math"
	"net"

	"github.com/xtaci/smux"
)

// newSmux makes sessions of a version of the protocol. The first knows no windows of streams, only one of the session.
func newSmux(version int) func(*network, int, *tally) (session, error) {
	return func(n *network, window int, t *tally) (session, error) {
		near, far, err := n.pair()
		if err != nil {
			return nil, err
		}
		c := smux.DefaultConfig()
		c.Version = version
		if window > 0 {
			c.MaxFrameSize = math.MaxUint16
			c.MaxStreamBuffer, c.MaxReceiveBuffer = window, max(window, c.MaxReceiveBuffer)
		}
		client, err := smux.Client(buffered(near, window), c)
		if err != nil {
			return nil, err
		}
		server, err := smux.Server(buffered(far, window), c)
		if err != nil {
			return nil, err
		}
		go serveAll(server.Accept, t)
		return multiplexer{
			begin: client.Open,
			end: func() {
				_ = client.Close()
				_ = server.Close()
			},
		}, nil
	}
}

// A bufferedConn reads more than it is asked for. smux by itself has two system calls for a frame that it reads.
type bufferedConn struct {
	net.Conn
	r *bufio.Reader
}

func (b bufferedConn) Read(p []byte) (int, error) { return b.r.Read(p) }

func buffered(c net.Conn, window int) net.Conn {
	if window == 0 {
		return c
	}
	return bufferedConn{c, bufio.NewReaderSize(c, blockSize)}
}
