//go:build linux

package main

import (
	"context"

	"github.com/leat-io/leat/benchmarks/kvclient"
	"github.com/leat-io/leat/benchmarks/measure"
)

// figures are what one run gave.
type figures struct {
	Rate  float64 // requests a second
	Cost  float64 // processor time of the proxy for each request, µs
	Busy  float64 // of its processor
	Redis float64 // processor time of redis-server for each request, µs
	P50   float64 // as a client sees it, ms
	P99   float64
}

// A backend is the redis-server in question.
type backend struct {
	addr string
	pid  int
}

// measure starts a proxy in front of a server, and lets a client drive it.
func (c candidate) measure(ctx context.Context, p programs, b backend, by kvclient.Client, l kvclient.Load) (f figures, err error) {
	addr, pid := b.addr, 0
	if s, has := c.server(p, b.addr); has {
		proxy, at, err := s.Start(ctx)
		if err != nil {
			return f, err
		}
		defer measure.Stop(proxy)
		addr, pid = at, proxy.Process.Pid
	}
	if _, err := by.Drive(ctx, p.leat, addr, kvclient.Fill); err != nil {
		return f, err
	}
	l.Requests /= max(c.less, 1)
	got, shares, err := by.Watch(ctx, p.leat, addr, l, pid, b.pid)
	if err != nil {
		return f, err
	}
	each := 1e6 / got.Rate
	return figures{Rate: got.Rate, P50: got.P50, P99: got.P99, Cost: shares[0] * each, Busy: shares[0], Redis: shares[1] * each}, nil
}
