//go:build linux

package main

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// A sample is one run. What was not measured is 0.
type sample struct {
	Each   float64 // ns an item
	Allocs float64 // an item
	P50    float64 // µs
	P99    float64 // µs
	Busy   float64 // processors
	Times  float64 // as long as without the queue
}

// carry sends items through a queue as fast as it takes them, and checks that all came, once.
func carry[T item](c candidate[T], s shape, batch int, items uint64) (got sample, err error) {
	q, tallies := c.make(s, batch), make([]tally, s.consumers)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	var producers, consumers sync.WaitGroup
	for i := range tallies {
		consumers.Go(func() {
			var t tally // not beside those of others
			q.consume(i, batch, &t)
			tallies[i] = t
		})
	}
	for i := range uint64(s.producers) {
		from, to := 1+items*i/uint64(s.producers), 1+items*(i+1)/uint64(s.producers)
		producers.Go(func() { q.produce(int(i), from, to, batch) })
	}
	producers.Wait()
	q.finish()
	consumers.Wait()
	elapsed := time.Since(began)
	runtime.ReadMemStats(&after)
	var all tally
	for _, t := range tallies {
		all.count += t.count
		all.sum += t.sum
	}
	if all.count != items || all.sum != items*(items+1)/2 {
		return got, fmt.Errorf("%s: %d of %d items came, or others", c.name, all.count, items)
	}
	return sample{
		Each:   float64(elapsed.Nanoseconds()) / float64(items),
		Allocs: float64(after.Mallocs-before.Mallocs) / float64(items),
	}, nil
}

// quiet is how long a consumer has had nothing to do when it is woken: it sleeps by then, if it ever does.
const quiet = time.Millisecond

// wake sends single items, each after a time of quiet, and takes how long they were under way.
func wake[T item](c candidate[T], pings int) sample {
	q := c.make(oneToOne, 1)
	var sent time.Time
	var latencies []time.Duration
	arrived := make(chan struct{}, 1)
	t := tally{arrived: func(uint64) {
		latencies = append(latencies, time.Since(sent))
		arrived <- struct{}{}
	}}
	var consumer sync.WaitGroup
	consumer.Go(func() { q.consume(0, 1, &t) })
	for n := range uint64(pings) {
		time.Sleep(quiet)
		sent = time.Now()
		q.produce(0, n+1, n+2, 1)
		<-arrived
	}
	q.finish()
	consumer.Wait()
	slices.Sort(latencies)
	return sample{P50: quantile(latencies, 50), P99: quantile(latencies, 99)}
}

// quantile is a percentile of sorted times, in µs.
func quantile(sorted []time.Duration, percent int) float64 {
	return float64(sorted[(len(sorted)-1)*percent/100].Nanoseconds()) / 1e3
}
