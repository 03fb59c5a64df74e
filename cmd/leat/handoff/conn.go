package handoff

import (
	"errors"
	"net"
	"os"
)

// open makes a net.Conn of a descriptor, which it owns, and of what was read from it already.
func (d *Desk) open(fd int, first []byte) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "connection")
	c, err := net.FileConn(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if t, ok := c.(*net.TCPConn); ok { // which package net has given its own options
		if err := errors.Join(t.SetNoDelay(d.cfg.NoDelay), t.SetKeepAliveConfig(d.cfg.KeepAlive)); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	if len(first) > 0 {
		return &begun{Conn: c, first: append([]byte(nil), first...)}, nil
	}
	return c, nil
}

// A begun connection has been read from: first comes what was read.
type begun struct {
	net.Conn
	first []byte
}

func (c *begun) Read(b []byte) (int, error) {
	if len(c.first) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.first)
	c.first = c.first[n:]
	return n, nil
}

// NetConn is the connection below, as of a tls.Conn.
func (c *begun) NetConn() net.Conn { return c.Conn }

// CloseWrite ends the direction that is written.
func (c *begun) CloseWrite() error { return CloseWrite(c.Conn) }

// CloseWrite ends the direction of c that is written, if it can be ended alone.
func CloseWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Abort closes a connection so that its peer sees a reset, also if it is one of TLS.
func Abort(c net.Conn) {
	below := c
	for {
		w, ok := below.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		below = w.NetConn()
	}
	if t, ok := below.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = below.Close() // not c: that of TLS would say goodbye first, as if all were well
}
