//go:build linux

package main

import (
	"net"
	"runtime"
)

// pooled is how many connections a pool holds whose memory is measured, and copies how many such pools there are at once.
const pooled, copies = 100, 20

// memory is what a pool and its idle connections hold of the heap, without what the connections themselves do, and how many
// goroutines there are for it.
func memory(c candidate, conns []net.Conn) (got sample, err error) {
	next := make(chan net.Conn, len(conns)) // pools dial in goroutines of their own
	for _, one := range conns {
		next <- one
	}
	n := len(conns) / pooled
	pools := make([]pooler, 0, n)
	defer func() {
		for _, p := range pools {
			p.close()
		}
	}()
	heap, goroutines := held()
	for range n {
		p, err := c.filled(demand{size: pooled, dial: func() (net.Conn, error) { return <-next, nil }})
		if err != nil {
			return got, err
		}
		pools = append(pools, p)
	}
	heapAfter, goroutinesAfter := held()
	runtime.KeepAlive(conns)
	return sample{Each: (heapAfter - heap) / float64(n), Allocs: (goroutinesAfter - goroutines) / float64(n)}, nil
}

// overNothing is memory with connections to nowhere.
func overNothing(c candidate) (sample, error) {
	conns := make([]net.Conn, pooled*copies)
	for i := range conns {
		conns[i] = new(conn)
	}
	return memory(c, conns)
}

// overTCP is memory with sockets, which a pool may watch. There are fewer pools, so that a common limit of open files is enough.
func overTCP(c candidate) (got sample, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return got, err
	}
	defer ln.Close()
	var conns []net.Conn
	for range pooled * copies / 5 {
		near, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			return got, err
		}
		defer near.Close()
		peer, err := ln.Accept()
		if err != nil {
			return got, err
		}
		defer peer.Close()
		conns = append(conns, near)
	}
	return memory(c, conns)
}

// held is what is alive: bytes, and goroutines.
func held() (heap, goroutines float64) {
	runtime.GC()
	runtime.GC() // what lies in a sync.Pool lives through one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc), float64(runtime.NumGoroutine())
}
