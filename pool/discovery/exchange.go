package discovery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/miekg/dns"
)

// udpSize is the largest answer that is asked for over UDP: what goes unfragmented everywhere (DNS flag day 2020).
const udpSize = 1232

// An exchanger puts a question to one server, over "udp" or "tcp". It ends with ctx.
type exchanger func(ctx context.Context, q *dns.Msg, server, network string, timeout time.Duration) (*dns.Msg, error)

// exchange is the exchanger of the network. Each question has a socket of its own, so that its port cannot be guessed.
func exchange(ctx context.Context, q *dns.Msg, server, network string, timeout time.Duration) (*dns.Msg, error) {
	c := &dns.Client{Net: network, Timeout: timeout}
	conn, err := c.DialContext(ctx, server)
	if err != nil {
		return nil, plain(err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	a, _, err := c.ExchangeWithConnContext(ctx, q, conn)
	if err != nil {
		return nil, plain(err)
	}
	return a, nil
}

// plain is an error without the ports of this end, which differ each time.
func plain(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Err
	}
	return err
}

// A silentError is that no server could be talked with.
type silentError struct{ error }

func (e *silentError) Unwrap() error { return e.error }

// ask puts a question to the servers until one answers it.
func (s *lookups) ask(ctx context.Context, servers []string, name string, kind uint16) (a *dns.Msg, err error) {
	var said error // by one that was heard
	for range s.Attempts {
		for _, server := range servers {
			a, heard, e := s.askOne(ctx, server, name, kind)
			if e == nil {
				return a, nil
			}
			err = fmt.Errorf("%s %s: the name server %s: %w", dns.TypeToString[kind], name, server, e)
			if heard {
				said = err
			}
			if ctx.Err() != nil {
				return nil, err
			}
		}
	}
	if said != nil {
		return nil, said
	}
	return nil, &silentError{err}
}

// askOne puts a question to one server, and again over TCP if its answer does not fit into a datagram. Heard says whether the
// server has said anything.
func (s *lookups) askOne(ctx context.Context, server, name string, kind uint16) (a *dns.Msg, heard bool, err error) {
	q := new(dns.Msg).SetQuestion(name, kind).SetEdns0(udpSize, false)
	a, err = s.exchange(ctx, q, server, "udp", s.Timeout)
	heard = err == nil
	if err == nil && a.Truncated {
		a, err = s.exchange(ctx, q, server, "tcp", s.Timeout)
	}
	switch {
	case err != nil:
	case !a.Response || len(a.Question) != 1 || dns.CanonicalName(a.Question[0].Name) != dns.CanonicalName(name) || a.Question[0].Qtype != kind:
		err = errors.New("the answer is to another question")
	case a.Truncated:
		err = errors.New("the answer is truncated over TCP too")
	case a.Rcode != dns.RcodeSuccess && a.Rcode != dns.RcodeNameError:
		err = fmt.Errorf("it answers %s", dns.RcodeToString[a.Rcode])
	}
	return a, heard, err
}
