package tcp

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"github.com/leat-io/leat/internal/preface"
	"github.com/leat-io/leat/stage"
)

// What is still to come first on a connection.
type awaited uint8

const (
	awaitsHeader awaited = 1 << iota // of the PROXY protocol
	awaitsHello                      // of TLS
)

// awaits says what is to come first on a connection from a peer.
func (d *dealing) awaits(peer netip.Addr) (a awaited) {
	if d.proxies.Contains(peer) {
		a |= awaitsHeader
	}
	if d.serverNames {
		a |= awaitsHello
	}
	return a
}

// open reads what has arrived of a connection, as long as more is to come first, and reports whether all of that has come.
func (l *dealer) open(c *arrival) (done bool, err error) {
	for c.awaits != 0 {
		n, err := l.early.read(c)
		switch {
		case n > 0:
			if err := l.parse(c); err != nil {
				return false, err
			}
		case err == nil:
			return false, ErrLeftEarly
		case err == syscall.EAGAIN:
			return false, nil
		case err != syscall.EINTR:
			return false, stage.ErrReset
		}
	}
	return true, nil
}

// parse takes what it can out of what has come.
func (l *dealer) parse(c *arrival) error {
	d := l.engine
	if c.awaits&awaitsHeader != 0 {
		h, n, err := preface.ParseProxied(c.first)
		switch {
		case err != nil:
			err = fmt.Errorf("%w of %s: %w", ErrProxyHeader, c.Peer(), err)
			l.inlet.Lane.Failed(err) // a proxy that is set up otherwise, most likely
			return err
		case n < 0:
			return nil
		}
		c.first = c.first[:copy(c.first, c.first[n:])]
		c.awaits &^= awaitsHeader
		d.headers.Add(1)
		if err := c.introduce(h); err != nil {
			return err
		}
	}
	if c.awaits&awaitsHello != 0 {
		h, n, err := preface.ParseHello(c.first)
		switch {
		case errors.Is(err, preface.ErrNotTLS):
			d.helloless.Add(1)
		case err != nil:
			return fmt.Errorf("%w: %w", ErrClientHello, err)
		case n < 0:
			return nil
		default:
			c.hello = &stage.Hello{ServerName: h.Name, Protocols: h.Protocols}
		}
		c.awaits &^= awaitsHello
	}
	return nil
}

// introduce makes the connection that of the client that a header names, and counts it as its.
func (c *arrival) introduce(h preface.Proxied) error {
	if !h.Local {
		c.client, c.server = h.Client, h.Server
	}
	as, refusal := c.seat.dealer.engine.table.Attribute(c.client.Addr())
	if refusal != "" {
		return &stage.Reason{Label: refusal}
	}
	c.seat.as = as
	return nil
}
