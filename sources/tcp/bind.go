package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/leat-io/leat/internal/sockopt"
	"github.com/leat-io/leat/pipeline"
)

// unixPrefix is what the address of a unix socket begins with.
const unixPrefix = "unix:"

// Bind opens the listening socket before the pipeline starts, so that Addr is known. Connections wait in the kernel's
// backlog until then.
func (s *Source) Bind() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bound != nil {
		return nil
	}
	if err := s.validatePreface(); err != nil {
		return err
	}
	var ln listener
	var bound net.Addr
	var err error
	if s.inherited != nil {
		if ln, bound, err = s.takeOver(); err != nil {
			return err
		}
		return s.listens(ln, bound)
	}
	path, local := strings.CutPrefix(s.addr, unixPrefix)
	switch {
	case local && len(s.scoped(sockopt.TCP, sockopt.EachConn)) > 0:
		return s.errOptionOfTCP()
	case local:
		ln, bound, err = s.listenUnix(path)
	case s.mode != nil:
		return errors.New("the option Mode is for unix sockets: an address of TCP has no file")
	default:
		ln, bound, err = s.listenTCP()
	}
	if err != nil {
		return err
	}
	return s.listens(ln, bound)
}

// listens settles a source on a socket that listens. The caller holds mu.
func (s *Source) listens(ln listener, bound net.Addr) (err error) {
	s.each = s.scoped(sockopt.EachConn)
	if s.got, err = s.settle(ln); err != nil {
		if s.inherited == nil {
			ln.retire()
		}
		ln.Close()
		return err
	}
	s.ln, s.bound, s.addr = ln, bound, bound.String()
	if bound.Network() == "unix" {
		s.addr = unixPrefix + bound.String()
	}
	return nil
}

func (s *Source) errOptionOfTCP() error {
	return fmt.Errorf("the option %q is one of TCP: a unix socket has none such", s.scoped(sockopt.TCP, sockopt.EachConn)[0].Name)
}

// scoped are the options asked for that have one of the scopes.
func (s *Source) scoped(scopes ...sockopt.Scope) (found []sockopt.Option) {
	for _, o := range s.asked {
		if slices.Contains(scopes, o.Scope) {
			found = append(found, o)
		}
	}
	return found
}

// listenTCP opens a socket of TCP with its options. Buffers must have their sizes before it listens: the window scale of a
// connection is settled with its first segment (tcp(7)).
func (s *Source) listenTCP() (listener, net.Addr, error) {
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return listener{}, nil, fmt.Errorf("the address %q is not host:port: %w", s.addr, err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	var refused error
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		raw.Control(func(fd uintptr) { refused = s.setEarly(int(fd)) })
		return refused
	}}
	lc.SetMultipathTCP(false) // such a socket does not have all options, and accepts more slowly
	ln, err := lc.Listen(context.Background(), "tcp", net.JoinHostPort(host, port))
	switch {
	case refused != nil:
		return listener{}, nil, refused
	case err != nil:
		return listener{}, nil, err
	}
	addr := ln.Addr()
	took, err := listenOn(ln.(*net.TCPListener))
	return took, addr, err
}

// setEarly sets the options of a socket that does not listen yet.
func (s *Source) setEarly(fd int) error {
	for _, o := range s.asked {
		if o.Scope == sockopt.EachConn || o.Late {
			continue
		}
		if err := o.Set(fd); err != nil {
			return err
		}
	}
	return nil
}

// settle sets the options that are left on a socket that listens, and asks for the values of all. Those of each connection
// are tried on it, so that a refusal shows before there is one.
func (s *Source) settle(ln listener) (got []pipeline.Gauge, err error) {
	raw, err := ln.SyscallConn()
	if err != nil {
		return nil, err
	}
	raw.Control(func(fd uintptr) {
		for _, o := range s.asked {
			if o.Scope == sockopt.EachConn || o.Late {
				if err = o.Set(int(fd)); err != nil {
					return
				}
			}
			var value string
			if value, err = o.Get(int(fd)); err != nil {
				return
			}
			got = append(got, pipeline.Gauge{Name: o.Name, Value: value})
		}
	})
	return got, err
}

// waiting says how many connections nobody has accepted yet, where the system tells. The caller holds mu.
func (s *Source) waiting() (g []pipeline.Gauge) {
	if s.bound == nil {
		return nil
	}
	raw, err := s.ln.SyscallConn()
	if err != nil {
		return nil
	}
	raw.Control(func(fd uintptr) {
		if n, most, ok := sockopt.Queue(int(fd)); ok {
			g = append(g, pipeline.Gauge{Name: "waiting in the backlog", Value: fmt.Sprintf("%d of %d", n, most)})
		}
	})
	return g
}
