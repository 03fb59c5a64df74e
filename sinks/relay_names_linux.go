package sinks

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// How long the addresses of a name are used, and how many names are kept: names are what backends are called, which are few.
// Where they change often they are for a discovery to look up.
const (
	nameLasts = 5 * time.Second
	mostNames = 256
)

// Names are looked up beside the loop, once for all tunnels that wait for one. What was found is used in turn.
type names struct {
	ctx   context.Context
	known map[string]*name // by host and port
}

// A name is what is known of one.
type name struct {
	addrs   []netip.AddrPort
	next    int
	until   time.Duration // on the relay's clock
	waiting []seeker      // while it is looked up
}

// A seeker is a tunnel that waits for an address. Its dial tells whether it still does.
type seeker struct {
	*tunnel
	dial *dial
}

// find connects t to the name, at once or when its addresses are known.
func (n *names) find(t *tunnel, d *dial, addr string) {
	r := t.relay
	of := n.known[addr]
	switch {
	case of != nil && of.waiting != nil:
		of.waiting = append(of.waiting, seeker{t, d})
		return
	case of != nil && r.now < of.until:
		t.connectTo(sockaddr(of.pick()))
		return
	case of == nil && len(n.known) >= mostNames:
		clear(n.known) // those who wait are told nevertheless
	}
	if n.known == nil {
		n.known = map[string]*name{}
	}
	of = &name{waiting: []seeker{{t, d}}}
	n.known[addr] = of
	ctx, cancel := context.WithTimeout(n.ctx, r.limits.Connect)
	go func() {
		defer cancel()
		addrs, err := lookUp(ctx, addr)
		r.loop.Post(found{r, of, addrs, err})
	}()
}

// lookUp finds the addresses of host:port.
func lookUp(ctx context.Context, addr string) (all []netip.AddrPort, err error) {
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", service)
	if err != nil {
		return nil, err
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "there is no address", Name: host, IsNotFound: true}
	}
	for _, a := range addrs {
		all = append(all, netip.AddrPortFrom(a, uint16(port)))
	}
	return all, err
}

// pick returns the next address.
func (n *name) pick() netip.AddrPort {
	n.next++
	return n.addrs[n.next%len(n.addrs)]
}

// found is a task: a name has been looked up.
type found struct {
	relay *relay
	name  *name
	addrs []netip.AddrPort
	err   error
}

// Run implements reactor.Task.
func (f found) Run() {
	r, n := f.relay, f.name
	waiting := n.waiting
	n.waiting, n.addrs, n.until = nil, f.addrs, 0
	if f.err == nil {
		n.until = r.now + nameLasts
	}
	for _, s := range waiting {
		switch {
		case s.tunnel.dial != s.dial: // it has ended
		case f.err != nil:
			s.connectFailed(f.err)
		default:
			s.connectTo(sockaddr(n.pick()))
		}
	}
}
