package pool

import (
	"net"
	"sync"
	"syscall"
)

// A socket is what lies under a connection, of which the kernel is asked what has arrived while it is idle.
type socket struct {
	raw syscall.RawConn // nil where there is no descriptor to ask about
}

// covered is a socket under TLS: what arrives need not be what the peer sent.
type covered struct{ syscall.RawConn }

// socketOf is that of a connection, or of the one that TLS was put on.
func socketOf(c net.Conn) (s socket) {
	t, under := c.(interface{ NetConn() net.Conn })
	if under {
		c = t.NetConn()
	}
	if d, ok := c.(syscall.Conn); ok {
		if raw, err := d.SyscallConn(); err == nil {
			s.raw = raw
			if under {
				s.raw = covered{raw}
			}
		}
	}
	return s
}

// bare says whether what arrives is what the peer sent.
func (s *socket) bare() bool {
	_, under := s.raw.(covered)
	return !under
}

// A finding is what has arrived on a connection.
type finding uint8

const (
	nothing finding = iota
	someBytes
	anEnd // or an error
)

// A probe asks once, and is lent, so that to ask allocates nothing.
type probe struct {
	look  func(fd uintptr)
	found finding
}

var probes = sync.Pool{New: func() any {
	p := new(probe)
	p.look = func(fd uintptr) { p.found = peek(fd) }
	return p
}}

// ask takes nothing of what has arrived.
func (s *socket) ask() finding {
	if s.raw == nil {
		return nothing
	}
	p := probes.Get().(*probe)
	defer probes.Put(p)
	p.found = anEnd // if it is closed already
	_ = s.raw.Control(p.look)
	if p.found == someBytes && !s.bare() {
		return nothing // they may be those of TLS itself: tickets of sessions, new keys
	}
	return p.found
}
