//go:build linux

package main

import (
	"net"
	"time"
)

// A network is how the ends of a session reach each other: over loopback, through a relay that keeps bytes for a while, or over a link
// that keeps packets.
type network struct {
	ln    net.Listener // of the server
	addr  string       // to which clients connect
	relay *relay       // nil: none
	link  *link        // nil: both ends are on this host
}

// A distance is what lies between the ends of a session.
type distance struct {
	Delay   time.Duration // in each direction; 0: they are on the same host
	Packets bool          // it is packets that take so long, and otherwise the bytes of connections
}

// newNetwork listens.
func newNetwork(d distance) (n *network, err error) {
	n = new(network)
	addr := "127.0.0.1:0"
	if d.Packets {
		if n.link, err = newLink(d.Delay); err != nil {
			return nil, err
		}
		addr = n.link.far.Addr4(0).String()
	}
	n.serving(func() { n.ln, err = net.Listen("tcp", addr) })
	if err == nil {
		n.addr = n.ln.Addr().String()
		if d.Delay > 0 && !d.Packets {
			n.relay, err = newRelay(n.addr, d.Delay)
		}
	}
	if err != nil {
		_, _ = n.close() // the first error counts
		return nil, err
	}
	if n.relay != nil {
		n.addr = n.relay.addr()
	}
	return n, nil
}

// serving calls f, which listens, where the server is.
func (n *network) serving(f func()) {
	if n.link == nil {
		f()
		return
	}
	n.link.far.Do(f)
}

func (n *network) dial() (net.Conn, error) { return n.dialWith(new(net.Dialer)) }

// dialWith connects from where the client is.
func (n *network) dialWith(d *net.Dialer) (c net.Conn, err error) {
	if n.link == nil {
		return d.Dial("tcp", n.addr)
	}
	n.link.near.Do(func() { c, err = d.Dial("tcp", n.addr) })
	return c, err
}

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

// close says how many packets a link has lost.
func (n *network) close() (lost uint64, err error) {
	if n.ln != nil {
		n.ln.Close()
	}
	if n.relay != nil {
		n.relay.close()
	}
	if n.link != nil {
		return n.link.close()
	}
	return 0, nil
}
