//go:build linux

package main

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
)

// waiting starts one consumer for each of some queues, which have nothing to do, and returns what ends them.
func waiting[T item](c candidate[T], queues int) (end func()) {
	var consumers sync.WaitGroup
	var all []carrier
	for range queues {
		q := c.make(oneToOne, 1)
		all = append(all, q)
		consumers.Go(func() { q.consume(0, 1, new(tally)) })
	}
	time.Sleep(50 * time.Millisecond) // whoever means to sleep sleeps by then
	return func() {
		for _, q := range all {
			q.finish()
		}
		consumers.Wait()
	}
}

// idle is the processor time of the process while one consumer waits.
func idle[T item](c candidate[T], length time.Duration) (got sample, err error) {
	defer waiting(c, 1)()
	before, err := measure.CPUTime(os.Getpid())
	if err != nil {
		return got, err
	}
	began := time.Now()
	time.Sleep(length)
	after, err := measure.CPUTime(os.Getpid())
	return sample{Busy: (after - before).Seconds() / time.Since(began).Seconds()}, err
}

// idleBeside is how many consumers wait beside an echo.
const idleBeside = 4

// beside is a TCP echo in this process while consumers wait, and how many times as long it takes as just before.
func beside[T item](c candidate[T], length time.Duration) (got sample, err error) {
	alone, err := echo(length)
	if err != nil {
		return got, err
	}
	defer waiting(c, idleBeside)()
	p50, err := echo(length)
	return sample{P50: p50, Times: p50 / alone}, err
}

// echo is the median of a round trip of 64 bytes between two goroutines over TCP, µs.
func echo(length time.Duration) (p50 float64, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer ln.Close()
	served := make(chan error, 1)
	go func() {
		nc, err := ln.Accept()
		if err == nil {
			defer nc.Close()
			_, err = io.CopyBuffer(struct{ io.Writer }{nc}, struct{ io.Reader }{nc}, make([]byte, 64))
		}
		served <- err
	}()
	nc, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		return 0, err
	}
	var trips []time.Duration
	b := make([]byte, 64)
	for began := time.Now(); err == nil && time.Since(began) < length; {
		sent := time.Now()
		if _, err = nc.Write(b); err == nil {
			_, err = io.ReadFull(nc, b)
		}
		trips = append(trips, time.Since(sent))
	}
	nc.Close()
	if err := errors.Join(err, <-served); err != nil {
		return 0, err
	}
	slices.Sort(trips)
	return quantile(trips, 50), nil
}
