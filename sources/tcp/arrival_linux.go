package tcp

import (
	"net/netip"
	"sync"
	"syscall"

	"github.com/leat-io/leat/stage"
)

// An arrival is a connection until a sink takes it over. It has one ticket, which becomes void when the batch ends in which
// its message is, in whichever lane that is: then the connection closes unless it was taken.
type arrival struct {
	stage.Conn
	seat   *seat
	fd     int32 // guarded by the connection's lock: -1 when it was taken or closed
	awaits awaited
	client netip.AddrPort
	server netip.AddrPort // of a PROXY header, else zero
	hello  *stage.Hello
	first  []byte // what was read, in a buffer of the loop
}

// Run implements reactor.Task: the loop gets the connection.
func (c *arrival) Run() {
	l := c.seat.dealer
	switch done, err := l.open(c); {
	case err != nil:
		l.turnAway(c, err)
	case done:
		l.arrived = append(l.arrived, c)
	default:
		l.openings.watch(c)
	}
}

// message makes m the message of the connection.
func (c *arrival) message(m *stage.Accepted) *stage.Accepted {
	l := c.seat.dealer
	d := l.engine
	var slab *stage.Slab
	if n := len(c.first); n > 0 {
		slab, m.First = l.inlet.Lane.Bytes(n)
		copy(m.First, c.first)
	}
	c.Issue(&m.Head, 0, slab)
	c.Publish(1)
	c.Finish(stage.ErrUntaken)
	m.Client, m.Server, m.Hello = c.client, c.server, c.hello
	switch {
	case m.Server.IsValid():
	case d.asks:
		m.Server = local(int(c.fd))
	default:
		m.Server = d.server
	}
	return m
}

// local is the address that a connection came to.
func local(fd int) netip.AddrPort {
	switch a, _ := syscall.Getsockname(fd); a := a.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *syscall.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port))
	}
	return netip.AddrPort{}
}

// Take implements stage.Offer.
func (c *arrival) Take(h stage.Holder) (fd int, s stage.Seat, err error) {
	fd = -1
	c.Locked(func(dead bool) {
		if !dead && c.fd >= 0 {
			fd, c.fd = int(c.fd), -1
		}
	})
	if fd < 0 {
		return fd, nil, stage.ErrNotOffered
	}
	c.seat.dealer.engine.hold(h)
	return fd, c.seat, nil
}

// Write implements stage.Port. Nothing is written to a connection before it is taken over.
func (c *arrival) Write([]byte) (int, error) { return 0, stage.ErrNotOffered }

// Want implements stage.Port.
func (*arrival) Want(bool, bool) {}

// Shut implements stage.Port.
func (c *arrival) Shut(reason error) {
	if c.fd < 0 {
		return
	}
	c.seat.dealer.engine.refuse(int(c.fd))
	c.fd = -1
	c.seat.End(reason)
}

// Peer implements stage.Port.
func (c *arrival) Peer() string {
	if c.client.IsValid() {
		return c.client.String()
	}
	return "a client of the unix socket " + c.seat.dealer.engine.bound.String()
}

// A seat is the place of a connection among those that an Acceptor has, for as long as that is open.
type seat struct {
	dealer *dealer
	as     netip.Addr // what it is counted as
}

// End implements stage.Seat.
func (s *seat) End(reason error) {
	s.dealer.live.Add(-1)
	d := s.dealer.engine
	if last := d.table.Depart(s.as, reason); last {
		select {
		case d.vacant <- struct{}{}:
		default:
		}
	}
}

// Spares are arrivals that were taken or closed, and of which nobody knows any more: what lives as long as a connection is its
// seat.
type spares struct {
	mu  sync.Mutex
	all []*arrival // guarded by mu
}

// mostSpare is as many as arrive in one turn.
const mostSpare = acceptTurn

func (s *spares) add(some []*arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range some {
		if len(s.all) < mostSpare && c.Dead() {
			c.Conn = stage.Conn{}
			c.seat, c.client, c.server, c.hello = nil, netip.AddrPort{}, netip.AddrPort{}, nil
			s.all = append(s.all, c)
		}
	}
}

// take returns an arrival that is nobody's. The first loop takes those of all.
func (s *spares) take() *arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.all)
	if n == 0 {
		return new(arrival)
	}
	c := s.all[n-1]
	s.all = s.all[:n-1]
	return c
}
