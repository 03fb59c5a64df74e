//go:build linux

package main

import (
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// bulk streams until the time is over, or until another load has come to its end if there is one.
func (j job) bulk(s session, t *tally, other func() error) (got sample, err error) {
	var over atomic.Bool
	var g errgroup.Group
	g.Go(func() error { return s.bulk(func() bool { return !over.Load() }) })
	var wait errgroup.Group
	if other != nil {
		wait.Go(other)
	}
	got, err = j.watch(t.gigabytes)
	err = errors.Join(err, wait.Wait())
	over.Store(true)
	return got, errors.Join(err, g.Wait())
}

// apart streams over a link, of which it measures a round trip in the middle of the time that counts.
func (j job) apart(s session, t *tally, l *link) (sample, error) {
	var trip time.Duration
	got, err := j.bulk(s, t, func() (err error) {
		time.Sleep(j.Warm + j.Length/2)
		trip, err = l.roundTrip()
		return err
	})
	got.RoundTrip = float64(trip.Nanoseconds()) / 1e6
	return got, err
}

// beside has messages on a stream beside one of bulk: an open loop, in which a message is sent when it is due, whether or not others
// have come back.
func (j job) beside(s session, t *tally) (got sample, err error) {
	st, err := s.open()
	if err != nil {
		return got, err
	}
	h := latency.NewHistogram()
	if got, err = j.bulk(s, t, func() error { return j.paced(st, h) }); err != nil {
		return got, err
	}
	micro := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
	l := h.Summary()
	got.P50, got.P99, got.P999 = micro(l.P50), micro(l.P99), micro(l.P999)
	return got, st.close()
}

// paced sends messages and records their latencies. These count from when a message was due. When it was the timer that woke the
// sender too late, and not the stream that kept it, they count from then: that is Go's and the machine's doing.
func (j job) paced(st stream, h *latency.Histogram) error {
	began := time.Now()
	due := func(k int) time.Duration { return time.Duration(float64(k) * 1e9 / j.Rate) }
	from := make([]atomic.Int64, int((j.Warm+j.Length).Seconds()*j.Rate)) // when latencies begin, ns
	var g errgroup.Group
	g.Go(func() error {
		l := newLetter()
		for k := range from {
			start := due(k)
			if wait := start - time.Since(began); wait > 0 {
				time.Sleep(wait)
				start = time.Since(began)
			}
			from[k].Store(start.Nanoseconds())
			l.number(uint64(k))
			if err := st.send(l.sent); err != nil {
				return err
			}
		}
		return nil
	})
	g.Go(func() error {
		l := newLetter()
		for k := range from {
			if err := st.receive(l.got); err != nil {
				return err
			}
			l.number(uint64(k))
			if err := l.check(); err != nil {
				return err
			}
			if due(k) >= j.Warm {
				h.Record(time.Since(began).Nanoseconds() - from[k].Load())
			}
		}
		return nil
	})
	return g.Wait()
}
