//go:build linux

package main

import (
	"context"
	"net"
	"runtime"

	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
)

// leat is the pool with one backend.
type leat struct{ *pool.Pool }

func newLeat(d demand) (pooler, error) {
	p, err := leatOf(d, balance.RoundRobin(), balance.Backend{Name: "nowhere", Address: "nowhere:1"})
	return leat{p}, err
}

// leatOf is a pool of some backends, for each of which the demand stands.
func leatOf(d demand, policy balance.Policy, backends ...balance.Backend) (*pool.Pool, error) {
	limits := pool.DefaultLimits
	limits.MaxOpen, limits.MaxIdle, limits.MinIdle = d.size, d.size, d.idle
	return pool.New(backends, policy, pool.WithLimits(limits), pool.Dialer(func(context.Context, string, string) (net.Conn, error) { return d.connect() }))
}

func (l leat) pairs(n int, yield bool) error {
	ctx := context.Background()
	for range n {
		c, err := l.Get(ctx)
		if err != nil {
			return err
		}
		if yield {
			runtime.Gosched()
		}
		l.Put(c)
	}
	return nil
}

func (l leat) take() (any, error) { return l.Get(context.Background()) }
func (l leat) give(c any)         { l.Put(c.(*pool.Conn)) }
func (l leat) close()             { _ = l.Close(context.Background()) } // all were given back
