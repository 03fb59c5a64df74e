//go:build linux

package main

import (
	"net"
	"sync"
	"time"
)

// A relay passes connections on to an address, each byte some time after it came.
type relay struct {
	ln    net.Listener
	to    string
	delay time.Duration
	conns sync.WaitGroup

	mu   sync.Mutex
	ends []net.Conn // guarded by mu
}

func newRelay(to string, delay time.Duration) (*relay, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{ln: ln, to: to, delay: delay}
	r.conns.Go(r.accept)
	return r, nil
}

func (r *relay) addr() string { return r.ln.Addr().String() }

// close ends all connections and waits until their goroutines have returned.
func (r *relay) close() {
	r.ln.Close()
	r.mu.Lock()
	for _, c := range r.ends {
		c.Close()
	}
	r.mu.Unlock()
	r.conns.Wait()
}

func (r *relay) accept() {
	for {
		client, err := r.ln.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", r.to)
		if err != nil {
			client.Close()
			return
		}
		r.mu.Lock()
		r.ends = append(r.ends, client, server)
		r.mu.Unlock()
		r.pass(client, server)
		r.pass(server, client)
	}
}

// pass takes what comes from one end to the other one. When either has failed or ended, both are closed.
func (r *relay) pass(from, to net.Conn) {
	l := newLine(r.delay)
	r.conns.Go(func() {
		l.fill(from)
		l.end()
	})
	r.conns.Go(func() {
		l.drain(to)
		l.end()
		from.Close()
		to.Close()
	})
}
