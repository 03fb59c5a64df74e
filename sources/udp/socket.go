package udp

import (
	"errors"
	"net"
	"net/netip"
	"sync"

	"github.com/leat-io/leat/stage"
)

// A socket is what the packets of one lane come through, and what their answers go out through. Any lane may send.
type socket struct {
	stage.Conn
	source *Source
	local  netip.AddrPort // what it is bound to
	peer   netip.AddrPort // of a connected socket, else not valid
	kernel kernelPart
	conn   *net.UDPConn // nil of an engine that has none, such as one that reads a file

	mu     sync.RWMutex // held for reading by those who send
	closed bool         // guarded by mu
}

func newSocket(s *Source, c *net.UDPConn) *socket {
	k := &socket{source: s, conn: c}
	k.Init(k, &s.terms)
	if c != nil {
		k.local = unmapped(c.LocalAddr().(*net.UDPAddr).AddrPort())
		if a, ok := c.RemoteAddr().(*net.UDPAddr); ok {
			k.peer = unmapped(a.AddrPort())
		}
	}
	return k
}

// unmapped is an address of IPv4 as one, also when a socket of both families has given it.
func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// close closes the socket when nobody sends through it. The source's mu is held.
func (k *socket) close() {
	k.lastLook()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return
	}
	k.closed = true
	if k.conn != nil {
		_ = k.conn.Close()
	} else {
		k.release()
	}
}

var errNoStream = errors.New("a socket of datagrams does not know whom to answer: end the flow in udp.Send")

// Write implements stage.Port, for a sink that takes the socket for a connection.
func (k *socket) Write([]byte) (int, error) { return 0, errNoStream }

// Want implements stage.Port.
func (*socket) Want(_, _ bool) {}

// Shut implements stage.Port. The Conn of a socket is never shut: see stage.Terms.Failed.
func (*socket) Shut(error) {}

// Peer implements stage.Port.
func (k *socket) Peer() string {
	if k.peer.IsValid() {
		return k.peer.String()
	}
	return "a sender to " + k.local.String()
}
