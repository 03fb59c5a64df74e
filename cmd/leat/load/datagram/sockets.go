package datagram

import (
	"context"
	"fmt"
	"net"
	"syscall"
)

// sockets are the ones of the flows, or the one of a sink.
type sockets struct {
	conns []*net.UDPConn
	raws  []syscall.RawConn
	grant int // bytes that the system grants a socket for what it has received
}

// dial opens a socket for each flow, connected to the server.
func dial(cfg Config) (*sockets, error) {
	s := new(sockets)
	for range cfg.Flows {
		c, err := net.DialUDP(network(cfg.to), nil, net.UDPAddrFromAddrPort(cfg.to))
		if err == nil {
			err = s.add(c, cfg.Buffer)
		}
		if err != nil {
			s.close()
			return nil, fmt.Errorf("load: %d of %d sockets were opened: %w", len(s.conns), cfg.Flows, err)
		}
	}
	return s, nil
}

// listen opens the socket of a sink.
func listen(cfg Config) (*sockets, error) {
	pc, err := new(net.ListenConfig).ListenPacket(context.Background(), network(cfg.to), cfg.to.String())
	if err != nil {
		return nil, err
	}
	s := new(sockets)
	if err := s.add(pc.(*net.UDPConn), cfg.Buffer); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *sockets) add(c *net.UDPConn, buffer int) error {
	s.conns = append(s.conns, c)
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	s.raws = append(s.raws, raw)
	s.grant, err = grow(raw, buffer)
	return err
}

func (s *sockets) close() {
	for _, c := range s.conns {
		c.Close()
	}
}

// drops is how many datagrams the system has dropped because the sockets were full; -1 when it does not say.
func (s *sockets) drops() (all int64) {
	for _, raw := range s.raws {
		n, ok := dropped(raw)
		if !ok {
			return -1
		}
		all += n
	}
	return all
}
