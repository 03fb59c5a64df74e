//go:build linux

package main

import (
	"net"
	"time"
)

// A pooler is a pool of connections as a program uses it.
type pooler interface {
	// pairs takes a connection and gives it back, n times. In between it lets others run if it is to yield.
	pairs(n int, yield bool) error
	// take waits for a connection.
	take() (any, error)
	// give gives back what take returned.
	give(c any)
	close()
}

// A demand is what a pool is made for.
type demand struct {
	size  int                      // connections at most, all of which may be idle
	idle  int                      // connections that are to be open before anybody takes one
	dial  func() (net.Conn, error) // how a connection is made
	delay time.Duration            // that it takes, beside
}

// connect is what all pools call to make a connection.
func (d demand) connect() (net.Conn, error) {
	if d.delay > 0 {
		time.Sleep(d.delay)
	}
	return d.dial()
}

// A candidate is one kind of pool.
type candidate struct {
	name string
	make func(d demand) (pooler, error)
	warm bool // it opens connections ahead of demand by itself, and keeps so many idle
}

// reference is the candidate to which the others are compared.
const reference = "channel"

// candidates in the order of the tables.
var candidates = []candidate{
	{name: reference, make: newChannel},
	{name: "leat", make: newLeat, warm: true},
	{name: "puddle", make: newPuddle},
	{name: "fasthttp", make: newFasthttp},
	{name: "database/sql", make: newSQL},
	{name: "go-redis", make: newRedis, warm: true},
}

// filled makes a pool, and has all its connections opened and given back.
func (c candidate) filled(d demand) (pooler, error) {
	p, err := c.make(d)
	if err != nil {
		return nil, err
	}
	var taken []any
	for range d.size {
		one, err := p.take()
		if err != nil {
			p.close()
			return nil, err
		}
		taken = append(taken, one)
	}
	for _, one := range taken {
		p.give(one)
	}
	return p, nil
}
