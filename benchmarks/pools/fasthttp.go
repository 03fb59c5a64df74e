//go:build linux

package main

import (
	"net"
	"runtime"
	"time"

	"github.com/valyala/fasthttp"
)

// hosted is the pool of the HTTP client for one host. The type of its connections has no name outside, so what gives one back
// is kept with it.
type hosted struct {
	*fasthttp.HostClient
	held func() (any, error)
	free func(any)
}

// released gives a connection back whose type only the compiler knows.
func released[C any](take func(time.Duration, bool) (C, error), give func(C)) (func() (any, error), func(any)) {
	return func() (any, error) { return take(0, false) }, func(c any) { give(c.(C)) }
}

// newFasthttp has it wait for a connection, which it does not do by itself.
func newFasthttp(d demand) (pooler, error) {
	h := &fasthttp.HostClient{
		Addr: "nowhere:80", MaxConns: d.size, MaxConnWaitTimeout: time.Minute, MaxIdleConnDuration: time.Hour, ConnPoolStrategy: fasthttp.LIFO,
		Dial: func(string) (net.Conn, error) { return d.connect() },
	}
	held, free := released(h.AcquireConn, h.ReleaseConn)
	return hosted{h, held, free}, nil
}

func (h hosted) pairs(n int, yield bool) error {
	for range n {
		c, err := h.AcquireConn(0, false)
		if err != nil {
			return err
		}
		if yield {
			runtime.Gosched()
		}
		h.ReleaseConn(c)
	}
	return nil
}

func (h hosted) take() (any, error) { return h.held() }
func (h hosted) give(c any)         { h.free(c) }
func (h hosted) close()             { h.CloseIdleConnections() }
