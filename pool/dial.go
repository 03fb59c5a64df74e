package pool

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/leat-io/leat/internal/endpoint"
	"github.com/leat-io/leat/internal/sockopt"
)

// dialer is the net.Dialer of these limits.
func (l *Limits) dialer() *net.Dialer {
	d := &net.Dialer{KeepAlive: -1}
	if l.KeepAlive > 0 {
		d.KeepAliveConfig = net.KeepAliveConfig{Enable: true, Idle: l.KeepAlive, Interval: max(l.KeepAlive/3, time.Second), Count: 3}
	}
	if l.UserTimeout > 0 {
		d.Control = func(network, _ string, raw syscall.RawConn) (err error) {
			if !strings.HasPrefix(network, "tcp") {
				return nil
			}
			raw.Control(func(fd uintptr) { err = sockopt.UserTimeout(l.UserTimeout).Set(int(fd)) })
			if errors.Is(err, errors.ErrUnsupported) {
				return nil
			}
			return err
		}
	}
	return d
}

// turn waits until one more dial is allowed, and dials. What prepare says of the connection is part of the dial.
func (p *Pool) turn(ctx context.Context, b *backend, prepare func(context.Context, net.Conn) error) (net.Conn, error) {
	if err := b.rested(); err != nil {
		return nil, err
	}
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-p.ctx.Done():
		return nil, ErrClosed
	}
	defer func() { <-b.slots }()
	if err := b.rested(); err != nil { // another dial has failed meanwhile
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, p.limits.DialTimeout)
	defer cancel()
	defer context.AfterFunc(p.ctx, cancel)()
	began := time.Now()
	c, err := p.connect(limited, b)
	if err == nil && prepare != nil {
		if err = p.prepared(limited, c, prepare); err != nil {
			c.Close()
			c = nil
		}
	}
	took := time.Since(began)
	switch {
	case err == nil:
		b.calm.succeeded()
		b.counts.dial.record(took)
	case p.ctx.Err() != nil:
		return nil, ErrClosed
	default:
		b.counts.failed.Add(1)
		err = &DialError{Backend: b.member.Name, Address: b.member.Address, Err: err}
		if ctx.Err() == nil { // else whoever wanted it has gone, which says nothing of the backend
			b.calm.failed(time.Now(), err)
			b.suspect()
		}
	}
	b.dialed(took, err)
	return c, err
}

// prepared calls prepare, whose panic is an error.
func (p *Pool) prepared(ctx context.Context, c net.Conn, prepare func(context.Context, net.Conn) error) (err error) {
	defer p.caught("Prepare", &err)
	return prepare(ctx, c)
}

// rested returns a BackoffError while the backend is not to be dialed.
func (b *backend) rested() error {
	if until, err := b.calm.check(time.Now()); err != nil {
		return &BackoffError{Backend: b.member.Name, Until: until, Err: err}
	}
	return nil
}

// dial calls the dialer, whose panic is an error.
func (p *Pool) dial(ctx context.Context, network, addr string) (c net.Conn, err error) {
	defer p.caught("Dialer", &err)
	return p.dialer(ctx, network, addr)
}

func (p *Pool) connect(ctx context.Context, b *backend) (net.Conn, error) {
	network, addr, err := endpoint.Of(b.member.Address)
	if err != nil {
		return nil, err
	}
	c, err := p.dial(ctx, network, addr)
	if err != nil || p.tls == nil {
		return c, err
	}
	return handshake(ctx, c, p.tls, addr)
}

// handshake makes c a connection of TLS, or closes it.
func handshake(ctx context.Context, c net.Conn, conf *tls.Config, addr string) (net.Conn, error) {
	if host, _, err := net.SplitHostPort(addr); err == nil && conf.ServerName == "" {
		conf = conf.Clone()
		conf.ServerName = host
	}
	t := tls.Client(c, conf)
	if err := t.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return t, nil
}

// checkTLS says what is wrong with the configuration of TLS and completes it.
func (p *Pool) checkTLS() error {
	switch {
	case p.tls == nil:
	case p.tls.MinVersion == 0:
		p.tls = p.tls.Clone()
		p.tls.MinVersion = tls.VersionTLS12
	case p.tls.MinVersion < tls.VersionTLS12:
		return fmt.Errorf("the least version of TLS must be 1.2 or later, not %s", tls.VersionName(p.tls.MinVersion))
	}
	return nil
}
