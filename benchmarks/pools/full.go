//go:build linux

package main

import (
	"slices"
	"sync"
	"time"
)

// What wants connections when there are too few: each works with one for about a millisecond and comes again at once.
const (
	few     = 16
	waiting = 64
	work    = time.Millisecond
)

// full is how much of the time connections are used while somebody always waits for one, and how long people wait.
func full(c candidate, length time.Duration) (got sample, err error) {
	p, err := c.filled(demand{size: few, dial: dial})
	if err != nil {
		return got, err
	}
	defer p.close()
	var mu sync.Mutex
	var used time.Duration
	var waits []time.Duration
	var wg sync.WaitGroup
	began := time.Now()
	end := began.Add(length)
	for range waiting {
		wg.Go(func() {
			for time.Now().Before(end) {
				asked := time.Now()
				c, failed := p.take()
				if failed != nil {
					mu.Lock()
					err = failed
					mu.Unlock()
					return
				}
				had := time.Now()
				time.Sleep(work)
				done := time.Now()
				p.give(c)
				if done.After(end) { // nobody waits any more
					return
				}
				mu.Lock()
				used += done.Sub(had)
				waits = append(waits, had.Sub(asked))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err != nil {
		return got, err
	}
	slices.Sort(waits)
	return sample{
		Used: used.Seconds() / (few * length.Seconds()), Rate: float64(len(waits)) / length.Seconds(),
		P50: quantile(waits, 50), P99: quantile(waits, 99), Max: quantile(waits, 100),
	}, nil
}
