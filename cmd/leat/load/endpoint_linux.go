package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// An endpoint is what a target stands for: a socket address, or several of a host that has several.
type endpoint struct {
	target target

	mu     sync.Mutex
	all    []syscall.Sockaddr // guarded by mu; nil until they were looked up
	chosen syscall.Sockaddr   // guarded by mu; the one that answered first, nil until then
}

// reach tries the addresses one after the other, each for its share of the time that is left, until one is reached. That one is
// taken from then on.
func (e *endpoint) reach(ctx context.Context, try func(context.Context, syscall.Sockaddr) error) error {
	all, err := e.resolve(ctx)
	if err != nil {
		return err
	}
	var first error
	for i, a := range all {
		if err = e.tryFor(ctx, len(all)-i, a, try); err == nil {
			e.choose(a)
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func (e *endpoint) tryFor(ctx context.Context, share int, a syscall.Sockaddr, try func(context.Context, syscall.Sockaddr) error) error {
	if until, limited := ctx.Deadline(); limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(until)/time.Duration(share))
		defer cancel()
	}
	return try(ctx, a)
}

// resolve looks the addresses up, once.
func (e *endpoint) resolve(ctx context.Context) ([]syscall.Sockaddr, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.chosen != nil {
		return []syscall.Sockaddr{e.chosen}, nil
	}
	if e.all != nil {
		return e.all, nil
	}
	if e.target.network == "unix" {
		e.all = []syscall.Sockaddr{&syscall.SockaddrUnix{Name: e.target.address}}
		return e.all, nil
	}
	host, service, err := net.SplitHostPort(e.target.address)
	if err != nil {
		return nil, e.wrap(err)
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", service)
	if err != nil {
		return nil, e.wrap(err)
	}
	ips, err := hosts(ctx, host)
	if err != nil {
		return nil, e.wrap(err)
	}
	for _, ip := range ips {
		a, err := sockaddr(ip, port)
		if err != nil {
			return nil, e.wrap(err)
		}
		e.all = append(e.all, a)
	}
	return e.all, nil
}

// hosts are the addresses of a host. No host is this machine, as package net has it.
func hosts(ctx context.Context, name string) ([]netip.Addr, error) {
	if name == "" {
		return []netip.Addr{netip.IPv4Unspecified()}, nil
	}
	if ip, err := netip.ParseAddr(name); err == nil { // also with a zone, which a look-up would lose
		return []netip.Addr{ip}, nil
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
}

func sockaddr(ip netip.Addr, port int) (syscall.Sockaddr, error) {
	if ip = ip.Unmap(); ip.Is4() {
		return &syscall.SockaddrInet4{Port: port, Addr: ip.As4()}, nil
	}
	a := &syscall.SockaddrInet6{Port: port, Addr: ip.As16()}
	if zone := ip.Zone(); zone != "" {
		if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
			a.ZoneId = uint32(n)
			return a, nil
		}
		i, err := net.InterfaceByName(zone)
		if err != nil {
			return nil, fmt.Errorf("zone %s: %w", zone, err)
		}
		a.ZoneId = uint32(i.Index)
	}
	return a, nil
}

func (e *endpoint) choose(a syscall.Sockaddr) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.chosen == nil {
		e.chosen = a
	}
}

// again is where a connection that is opened during the run goes to.
func (e *endpoint) again() syscall.Sockaddr {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.chosen != nil || len(e.all) == 0 {
		return e.chosen
	}
	return e.all[0]
}

var errUnresolved = errors.New("its name could not be resolved before the run")

// wrap says of an error that it is one of connecting to the endpoint.
func (e *endpoint) wrap(err error) error {
	return fmt.Errorf("dial %s %s: %w", e.target.network, e.target.address, err)
}
