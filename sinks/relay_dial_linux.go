package sinks

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/leat-io/leat/internal/endpoint"
	"github.com/leat-io/leat/internal/preface"
	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/stage"
)

// A dial is what a tunnel has until its backend is connected.
type dial struct {
	accepted stage.Accepted // without its Head and First
	tries    int
	routed   time.Duration // when there was a route
	began    time.Duration // the try that is under way
	due      uint32        // when that has taken too long
	failed   error         // of the latest try
	named    bool          // it has waited for a name, and may be known there
}

// mostDials is how many dials are kept for the next time.
const mostDials = 64

func (r *relay) newDial() *dial {
	if n := len(r.dials); n > 0 {
		d := r.dials[n-1]
		r.dials = r.dials[:n-1]
		return d
	}
	return new(dial)
}

// undial takes the dial of a tunnel back.
func (t *tunnel) undial() {
	r, d := t.relay, t.dial
	t.dial = nil
	if t.is&mirroring == 0 {
		r.count.connecting--
	}
	if len(r.dials) < mostDials && !d.named {
		*d = dial{}
		r.dials = append(r.dials, d)
	}
}

// open begins a tunnel for a connection.
func (r *relay) open(a *stage.Accepted) {
	r.read()
	if r.tls[client].wanted {
		r.greet(a)
		return
	}
	route, err := r.route(a, nil)
	if err != nil {
		a.Fail(fmt.Errorf("%w: %w", ErrNoRoute, err))
		r.count.ended[endNoRoute]++
		if !errors.Is(err, stage.ErrPanic) { // which has been counted
			r.lane.Failed(err)
		}
		return
	}
	abandon := func() { _ = r.guarded("Failed of a route", func() { route.Failed(stage.ErrAbandoned) }) }
	first, err := r.first(a)
	if err != nil { // without its header, what the client says could be taken for one
		abandon()
		r.lane.Failed(err)
		a.Fail(err)
		return
	}
	fd, seat, err := a.Take(r)
	if err != nil {
		abandon()
		return
	}
	t := r.begin(a, fd, seat)
	t.route = route
	if len(first) > 0 {
		t.ways[toServer].held = r.held.keep(first)
	}
	if t.watchClient() {
		t.reflect(a)
		t.connect()
	}
}

// begin makes the tunnel of a connection that was taken over.
func (r *relay) begin(a *stage.Accepted, fd int, seat stage.Seat) *tunnel {
	t := r.take()
	t.seat, t.began = seat, r.now
	t.fds = [2]int32{client: int32(fd), server: -1}
	t.is |= inUse
	t.dial = r.newDial()
	t.dial.routed = r.now
	t.dial.accepted.Client, t.dial.accepted.Server, t.dial.accepted.Hello = a.Client, a.Server, a.Hello
	r.count.open++
	r.count.connecting++
	if r.onEnd != nil {
		t.record = &TunnelRecord{Client: a.Client, Server: a.Server, Began: r.lane.Now()}
		if a.Hello != nil {
			t.record.ServerName = a.Hello.ServerName
		}
	}
	return t
}

// watchClient has the client's side watched. It reports whether that can be.
func (t *tunnel) watchClient() bool {
	if _, err := t.relay.epoll.Add(int(t.fds[client]), reactor.In|reactor.Out, (*clientSide)(t)); err != nil {
		t.end(endNoSocket, fmt.Errorf("%w: %w", ErrNoSocket, err))
		return false
	}
	t.is |= watched << client
	return true
}

// first is what a backend is sent first: whichever one it is that is connected in the end. It lies in a or in the buffer for reads.
// With one that speaks TLS the header goes before the handshake.
func (r *relay) first(a *stage.Accepted) ([]byte, error) {
	if r.sendProxy == 0 || r.tls[server].wanted {
		return a.First, nil
	}
	header, err := r.header(a)
	return append(header, a.First...), err
}

// header is the header of the PROXY protocol, in the buffer for reads.
func (r *relay) header(a *stage.Accepted) ([]byte, error) {
	p := preface.Proxied{Client: a.Client, Server: a.Server}
	if a.Hello != nil {
		p.Authority = a.Hello.ServerName
	}
	return p.Append(r.buf[:0], r.sendProxy)
}

// route asks the upstream. Its panic is an error.
func (r *relay) route(a *stage.Accepted, failed stage.Route) (stage.Route, error) {
	return r.routeBy(r.up, a, failed)
}

func (r *relay) routeBy(up stage.Upstream, a *stage.Accepted, failed stage.Route) (route stage.Route, err error) {
	panicked := r.guarded("Route of an upstream", func() { route, err = up.Route(a, failed) })
	switch {
	case panicked != nil:
		return nil, panicked
	case err == nil && route == nil:
		err = errors.New("the upstream gave no route and no error")
	}
	return route, err
}

// connect begins to connect to the route, and goes on to others when that fails at once.
func (t *tunnel) connect() {
	r, d := t.relay, t.dial
	d.tries++
	r.read()
	d.began = r.now
	d.due = r.nowTick + r.ticks(r.limits.Connect)
	r.wheel.Set(t.place, d.due)
	address := t.route.Address()
	if t.record != nil {
		t.record.Backend, t.record.Address, t.record.Tries = t.route.Name(), address, d.tries
	}
	network, addr, err := endpoint.Of(address)
	switch {
	case err != nil:
		t.connectFailed(err)
	case network == "unix":
		t.connectTo(syscall.AF_UNIX, &syscall.SockaddrUnix{Name: addr})
	default:
		if ap, err := netip.ParseAddrPort(addr); err == nil {
			t.connectTo(sockaddr(ap))
		} else {
			d.named = true
			r.names.find(t, d, addr)
		}
	}
}

// sockaddr is an address as the kernel wants it.
func sockaddr(ap netip.AddrPort) (family int, sa syscall.Sockaddr) {
	if a := ap.Addr().Unmap(); a.Is4() {
		return syscall.AF_INET, &syscall.SockaddrInet4{Port: int(ap.Port()), Addr: a.As4()}
	}
	return syscall.AF_INET6, &syscall.SockaddrInet6{Port: int(ap.Port()), Addr: ap.Addr().As16()}
}

// connectTo connects a new socket.
func (t *tunnel) connectTo(family int, sa syscall.Sockaddr) {
	r := t.relay
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.noSocket(os.NewSyscallError("socket", err))
		return
	}
	t.fds[server] = int32(fd)
	if family != syscall.AF_UNIX {
		_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1) // what is given to it is what a peer has sent
	}
	switch err := syscall.Connect(fd, sa); err {
	case nil, syscall.EINPROGRESS:
	default:
		t.connectFailed(os.NewSyscallError("connect", err))
		return
	}
	if _, err := r.epoll.Add(fd, reactor.In|reactor.Out, (*serverSide)(t)); err != nil { // it is told at once when it is connected
		t.noSocket(err)
		return
	}
	t.is |= watched << server
}

// noSocket is for want of a descriptor or of memory, which is no fault of the backend.
func (t *tunnel) noSocket(err error) {
	if t.is&mirroring == 0 {
		t.relay.lane.Failed(err)
	}
	t.end(endNoSocket, fmt.Errorf("%w: %w", ErrNoSocket, err))
}

// readyEarly deals with the events of a side before the backend is connected.
func (t *tunnel) readyEarly(side int, events uint32) {
	const failed = syscall.EPOLLERR | syscall.EPOLLHUP
	switch {
	case side == client && events&failed != 0: // it is gone, and did not only end its stream
		t.end(endClientReset, ErrClientReset)
	case side == client:
	case events&failed != 0:
		errno, err := syscall.GetsockoptInt(int(t.fds[server]), syscall.SOL_SOCKET, syscall.SO_ERROR)
		if err == nil && errno != 0 {
			err = syscall.Errno(errno)
		}
		if err != nil {
			t.connectFailed(os.NewSyscallError("connect", err))
			return
		}
		t.connected() // and closed since
	case events&reactor.Out != 0:
		t.connected()
	}
}

// connected is for a backend that has accepted.
func (t *tunnel) connected() {
	if t.relay.tls[server].wanted && t.is&mirroring == 0 {
		t.originate()
		return
	}
	t.joined()
}

// joined lets the bytes flow.
func (t *tunnel) joined() {
	r, d := t.relay, t.dial
	r.fresh = false // a backend is chosen by how fast it is
	r.read()
	took := r.now - d.began
	if t.record != nil {
		t.record.Connecting = r.now - d.routed
	}
	t.undial()
	if t.is&mirroring == 0 {
		r.count.connected++
	}
	if err := r.guarded("Connected of a route", func() { t.route.Connected(took) }); err != nil {
		t.end(endPanic, err)
		return
	}
	for d := range t.ways {
		t.ways[d].last = r.nowTick
	}
	r.wheel.Drop(t.place)
	t.arm()
	r.move(t)
}

// connectLate is for a try that has taken too long.
func (t *tunnel) connectLate() {
	if r := t.relay; int32(t.dial.due-r.wheel.Now()) > 0 {
		r.wheel.Set(t.place, t.dial.due)
		return
	}
	if t.is&shaking != 0 {
		t.shakeLate()
		return
	}
	t.connectFailed(os.NewSyscallError("connect", syscall.ETIMEDOUT))
}

// connectFailed tries another route, if there is one left to try.
func (t *tunnel) connectFailed(err error) {
	r, d := t.relay, t.dial
	if t.is&mirroring != 0 { // which is not worth another try
		t.mirrorFailed(err)
		return
	}
	r.count.failed++
	t.closeSide(server, true)
	t.ways[toClient].is = 0
	d.failed = fmt.Errorf("%s: %w", t.route.Name(), err)
	old := t.route
	t.route = nil
	_ = r.guarded("Failed of a route", func() { old.Failed(err) })
	if d.tries > r.limits.Retries {
		t.giveUp(endNoBackend, fmt.Errorf("%w: %w", ErrNoBackend, d.failed))
		return
	}
	route, err := r.route(&d.accepted, old)
	if err != nil {
		t.giveUp(endNoRoute, fmt.Errorf("%w: %w, after %w", ErrNoRoute, err, d.failed))
		return
	}
	r.count.retried++
	t.route = route
	t.connect()
}

// giveUp ends a tunnel that has not come about.
func (t *tunnel) giveUp(why ending, err error) {
	t.relay.lane.Failed(err)
	t.end(why, err)
}
