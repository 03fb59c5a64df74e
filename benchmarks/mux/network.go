//go:build linux

package main

import (
	"net"
	"time"
)

// A network is how the ends of a session reach each other: over loopback, or through a relay that keeps everything for a while.
type network struct {
	ln    net.Listener // of the server
	addr  string       // to which clients connect
	relay *relay
}

// newNetwork listens. What is sent takes this long to arrive, in each direction.
func newNetwork(delay time.Duration) (n *network, err error) {
	n = new(network)
	if n.ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	n.addr = n.ln.Addr().String()
	if delay == 0 {
		return n, nil
	}
	if n.relay, err = newRelay(n.addr, delay); err != nil {
		n.ln.Close()
		return nil, err
	}
	n.addr = n.relay.addr()
	return n, nil
}

func (n *network) dial() (net.Conn, error) { return net.Dial("tcp", n.addr) }

// pair is the two ends of a connection.
func (n *network) pair() (client, server net.Conn, err error) {
	if client, err = n.dial(); err != nil {
		return nil, nil, err
	}
	if server, err = n.ln.Accept(); err != nil {
		client.Close()
		return nil, nil, err
	}
	return client, server, nil
}

func (n *network) close() {
	n.ln.Close()
	if n.relay != nil {
		n.relay.close()
	}
}
