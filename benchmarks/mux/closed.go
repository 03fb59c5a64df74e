//go:build linux

package main

import (
	"errors"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// exchange has one exchange at a time on each of some streams.
func (j job) exchange(s session) (sample, error) {
	works := make([]func(uint64) error, j.Streams)
	for i := range works {
		st, err := s.open()
		if err != nil {
			return sample{}, err
		}
		l := newLetter()
		works[i] = func(k uint64) error { return exchange(st, l, k) }
	}
	return j.closed(works)
}

// open has some calls at once, each on a stream of its own.
func (j job) open(s session) (sample, error) {
	works := make([]func(uint64) error, j.Streams)
	for i := range works {
		l := newLetter()
		works[i] = func(k uint64) error {
			l.number(k)
			return s.unary(l)
		}
	}
	return j.closed(works)
}

// closed is a closed loop: each goroutine works again and again.
func (j job) closed(works []func(uint64) error) (sample, error) {
	type counter struct {
		atomic.Uint64
		_ [56]byte // a cache line for each
	}
	done, over := make([]counter, len(works)), atomic.Bool{}
	var g errgroup.Group
	for i, work := range works {
		g.Go(func() error {
			for k := uint64(1); !over.Load(); k++ {
				if err := work(k); err != nil {
					return err
				}
				done[i].Store(k)
			}
			return nil
		})
	}
	got, err := j.watch(func() float64 {
		var sum uint64
		for i := range done {
			sum += done[i].Load()
		}
		return float64(sum)
	})
	over.Store(true)
	return got, errors.Join(g.Wait(), err)
}
