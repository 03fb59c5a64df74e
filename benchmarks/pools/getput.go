//go:build linux

package main

import (
	"runtime"
	"sync"
	"time"
)

// A sample is one run. What was not measured is 0.
type sample struct {
	Each     float64 // ns for taking a connection and giving it back, or bytes for 100 connections
	Allocs   float64 // for each, or goroutines of a pool
	P50, P99 float64 // µs
	Max      float64 // µs
	Used     float64 // of the connections' time
	Rate     float64 // a second
	Off      float64 // from a fair share, as a part of it
}

// A shape is how many want how many connections.
type shape struct {
	name       string
	goroutines int
	conns      int
	yield      bool // each lets others run while it has a connection, so that most must wait
}

var shapes = []shape{
	{"1 goroutine", 1, 1, false},
	{"2 goroutines, 2 connections", 2, 2, false},
	{"1000 goroutines, 1000 connections", 1000, 1000, false},
	{"1000 goroutines, 10 connections", 1000, 10, false},
	{"1000 goroutines, 10 connections, yielding", 1000, 10, true},
}

// getPut is what taking and giving back costs, all goroutines together.
func getPut(c candidate, s shape, pairs int) (got sample, err error) {
	p, err := c.filled(demand{size: s.conns, dial: dial})
	if err != nil {
		return got, err
	}
	defer p.close()
	start, errs := make(chan struct{}), make(chan error, s.goroutines)
	var ready, done sync.WaitGroup
	each := max(1, pairs/s.goroutines)
	for range s.goroutines {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			errs <- p.pairs(each, s.yield)
		})
	}
	ready.Wait()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	close(start)
	done.Wait()
	elapsed := time.Since(began)
	runtime.ReadMemStats(&after)
	for range s.goroutines {
		if err := <-errs; err != nil {
			return got, err
		}
	}
	n := float64(each * s.goroutines)
	return sample{Each: float64(elapsed.Nanoseconds()) / n, Allocs: float64(after.Mallocs-before.Mallocs) / n}, nil
}
