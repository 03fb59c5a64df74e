//go:build linux

package main

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// far is how long it takes to connect to a backend that is 20 ms away. The network is not made slower: the dialer sleeps.
const far = 20 * time.Millisecond

// users are fewer than connections, which therefore are there when somebody wants one.
const users, warmed = 8, 16

// steady takes connections as requests come, and says how long that took.
func steady(c candidate, length time.Duration) (got sample, err error) {
	p, err := c.filled(demand{size: warmed, idle: warmed, dial: dial, delay: far})
	if err != nil {
		return got, err
	}
	defer p.close()
	return taken(p, users, length, func() {
		time.Sleep(time.Duration(rand.N(200_000)) * time.Nanosecond)
	}, func() {
		time.Sleep(time.Duration(rand.N(2_000_000)) * time.Nanosecond)
	})
}

// settled is after how long a pool that was made has what it opens by itself.
const settled = 5 * far

// first is how long those who come first wait, all at once, some time after the pool was made.
func first(c candidate) (got sample, err error) {
	p, err := c.make(demand{size: warmed, idle: warmed, dial: dial, delay: far})
	if err != nil {
		return got, err
	}
	defer p.close()
	time.Sleep(settled)
	return taken(p, users, 0, func() {}, func() {})
}

// taken lets some take connections until a time has passed, each at least once, and gives the distribution of how long that took.
func taken(p pooler, users int, length time.Duration, hold, rest func()) (got sample, err error) {
	var mu sync.Mutex
	var all []time.Duration
	var wg sync.WaitGroup
	end := time.Now().Add(length)
	for range users {
		wg.Go(func() {
			var mine []time.Duration
			for {
				began := time.Now()
				c, failed := p.take()
				mine = append(mine, time.Since(began))
				if failed != nil {
					mu.Lock()
					err = failed
					mu.Unlock()
					return
				}
				hold()
				p.give(c)
				if !time.Now().Before(end) {
					break
				}
				rest()
			}
			mu.Lock()
			all = append(all, mine...)
			mu.Unlock()
		})
	}
	wg.Wait()
	if err != nil {
		return got, err
	}
	slices.Sort(all)
	return sample{P50: quantile(all, 50), P99: quantile(all, 99), Max: quantile(all, 100)}, nil
}

// quantile is a percentile of sorted times, in µs.
func quantile(sorted []time.Duration, percent int) float64 {
	return float64(sorted[(len(sorted)-1)*percent/100].Nanoseconds()) / 1e3
}
