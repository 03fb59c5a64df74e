//go:build linux

package main

import (
	"context"

	"github.com/leat-io/leat/benchmarks/drive"
	"github.com/leat-io/leat/benchmarks/measure"
)

// A service is a candidate that runs, with what is behind it.
type service struct {
	addr    string
	pid     int
	dial    drive.Dialer
	message []byte
	secret  *drive.Secret
	stop    func()
}

// start starts a candidate for a row, and the backend that it needs.
func (t table) start(ctx context.Context, p programs, c candidate, r row) (u service, err error) {
	u = service{dial: drive.Dial, message: drive.Pattern(1), stop: func() {}}
	var server measure.Server
	if t.secure {
		secret := *r.Secret
		secret.Certificate, secret.Name = p.root, host
		u.secret, u.dial, u.message = &secret, secret.Dialer(), drive.Request()
		server = c.secure(p, secret.Curve.String())
	} else {
		backend, addr, err := p.backend(r.Kind == drive.Stream).Start(ctx)
		if err != nil {
			return u, err
		}
		u.stop = func() { measure.Stop(backend) }
		set := c.proxy
		if t.streams {
			set = c.stream
		}
		server = set(p, addr)
	}
	proc, addr, err := server.Start(ctx)
	if err != nil {
		u.stop()
		return u, err
	}
	rest := u.stop
	u.addr, u.pid, u.stop = addr, proc.Process.Pid, func() { measure.Stop(proc); rest() }
	return u, nil
}
