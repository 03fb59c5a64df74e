//go:build linux

package main

import (
	"context"
	"net"
	"runtime"

	"github.com/jackc/puddle/v2"
)

// puddled is the pool below pgx.
type puddled struct{ *puddle.Pool[net.Conn] }

func newPuddle(d demand) (pooler, error) {
	p, err := puddle.NewPool(&puddle.Config[net.Conn]{
		Constructor: func(context.Context) (net.Conn, error) { return d.connect() },
		Destructor:  func(c net.Conn) { c.Close() },
		MaxSize:     int32(d.size),
	})
	return puddled{p}, err
}

func (p puddled) pairs(n int, yield bool) error {
	ctx := context.Background()
	for range n {
		r, err := p.Acquire(ctx)
		if err != nil {
			return err
		}
		if yield {
			runtime.Gosched()
		}
		r.Release()
	}
	return nil
}

func (p puddled) take() (any, error) { return p.Acquire(context.Background()) }
func (p puddled) give(c any)         { c.(*puddle.Resource[net.Conn]).Release() }
func (p puddled) close()             { p.Close() }
