package udp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// openSockets opens the sockets of an engine that has one for each lane. The caller holds mu.
func (s *Source) openSockets() (err error) {
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return fmt.Errorf("the address %q is not host:port: %w", s.addr, err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	defer func() {
		if err != nil {
			s.closeSockets()
		}
	}()
	for range s.engine.lanes(s) {
		c, err := s.listen(net.JoinHostPort(host, port))
		if err != nil {
			return err
		}
		k := newSocket(s, c)
		s.sockets = append(s.sockets, k)
		if err := k.prepare(); err != nil {
			return err
		}
		_, port, _ = net.SplitHostPort(k.local.String()) // those that follow share the port that was found free
	}
	return nil
}

// listen opens one socket.
func (s *Source) listen(addr string) (*net.UDPConn, error) {
	var refused error
	control := func(_, _ string, raw syscall.RawConn) error {
		raw.Control(func(fd uintptr) {
			if refused = s.early(fd); refused == nil && s.beforeBind != nil {
				refused = s.beforeBind(int(fd))
			}
		})
		return refused
	}
	network := family(addr)
	var c any
	var err error
	if s.connect == "" {
		c, err = (&net.ListenConfig{Control: control}).ListenPacket(context.Background(), network, addr)
	} else {
		var local *net.UDPAddr
		if local, err = net.ResolveUDPAddr(network, addr); err == nil {
			c, err = (&net.Dialer{LocalAddr: local, Control: control}).DialContext(context.Background(), network, s.connect)
		}
	}
	if err != nil {
		return nil, err
	}
	return c.(*net.UDPConn), nil
}

// family is the network of package net for an address: an address of IPv4 is one of IPv4 alone, also when it stands for all
// interfaces, because a socket of both families costs more with each packet.
func family(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "udp"
	}
	ip, err := netip.ParseAddr(strings.TrimSpace(host))
	switch {
	case err != nil:
		return "udp"
	case ip.Is4():
		return "udp4"
	case ip.IsUnspecified():
		return "udp"
	}
	return "udp6"
}

// closeSockets closes all sockets. The caller holds mu.
func (s *Source) closeSockets() {
	for _, k := range s.sockets {
		k.close()
	}
	if !s.bound { // that failed, and may be tried again
		s.sockets = nil
	}
}
