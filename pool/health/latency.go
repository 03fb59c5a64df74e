package health

import (
	"cmp"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// A Latency is the distribution of latencies of the recent past, of which quantiles are known at any time.
//
// It is a histogram with buckets an eighth of their value wide or less, in which an observation weighs half after each
// half-life. To observe costs one atomic addition. On average each 512th does the arithmetic for all, which takes about as long
// as one system call; a [Quantile] is then one atomic load. It takes 2.5 KB.
//
// What takes longer than is waited for has to be observed too, with the time that was waited: a distribution of what was fast enough
// only would make a timeout shorter and shorter.
type Latency struct {
	o      LatencyOptions
	clock  clock
	counts [buckets]atomic.Uint32

	mu       sync.Mutex
	seen     [buckets]uint32  // guarded by mu: the counts that have gone into the weights
	weights  [buckets]float32 // guarded by mu
	total    float64          // guarded by mu
	aged     time.Duration    // guarded by mu: as of when the weights are
	tracked  []*Quantile      // guarded by mu
	observed uint64           // guarded by mu: how many have gone into the weights, ever
}

// LatencyOptions say how long a distribution remembers.
type LatencyOptions struct {
	HalfLife time.Duration    // after which an observation weighs half. Default 10 s.
	Volume   int              // least weight of all observations, a new one being 1, for quantiles to be known. Default 10.
	Now      func() time.Time // default time.Now
}

// Validate says what is wrong with the options.
func (o LatencyOptions) Validate() error {
	if o.Volume < 0 {
		return errors.Join(refuse("LatencyOptions", "Volume", o.Volume, "positive, or 0 for the default"), positive("LatencyOptions", "HalfLife", o.HalfLife))
	}
	return positive("LatencyOptions", "HalfLife", o.HalfLife)
}

// NewLatency makes a distribution in which nothing has been observed.
func NewLatency(o LatencyOptions) (*Latency, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.HalfLife = cmp.Or(o.HalfLife, 10*time.Second)
	o.Volume = cmp.Or(o.Volume, 10)
	return &Latency{o: o, clock: newClock(o.Now)}, nil
}

// refreshEvery is how many observations of one bucket make one refresh the quantiles, so that many of all do on average.
const refreshEvery = 512

// Observe adds a latency. The first, the second, the fourth and so on of a bucket refresh the quantiles too, which would take long
// to be known otherwise.
func (l *Latency) Observe(d time.Duration) {
	if n := l.counts[bucketOf(d)].Add(1); n&(n-1) == 0 || n%refreshEvery == 0 {
		if l.mu.TryLock() { // else somebody else is at it
			l.refresh()
			l.mu.Unlock()
		}
	}
}

// Refresh brings the quantiles up to date, for whoever wants them to grow old with time although little is observed.
func (l *Latency) Refresh() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refresh()
}

func (l *Latency) refresh() {
	now := l.clock.since()
	keep := float32(math.Exp2(-float64(now-l.aged) / float64(l.o.HalfLife)))
	l.aged = now
	l.total = 0
	for i := range l.counts {
		n := l.counts[i].Load()
		if n == l.seen[i] && l.weights[i] == 0 {
			continue
		}
		w := l.weights[i]*keep + float32(n-l.seen[i])
		l.observed += uint64(n - l.seen[i])
		if w < least {
			w = 0
		}
		l.seen[i], l.weights[i] = n, w
		l.total += float64(w)
	}
	for _, q := range l.tracked {
		q.at.Store(int64(l.quantile(q.q)))
	}
}

// least is the weight that counts as nothing, ten half-lives after one observation.
const least = 1. / 1024

// unknown is the quantile of too few observations.
const unknown = -1

// quantile assumes that latencies are spread evenly within their bucket.
func (l *Latency) quantile(q float64) time.Duration {
	if l.total < float64(l.o.Volume) {
		return unknown
	}
	left := q * l.total
	last := time.Duration(unknown)
	for i, w := range l.weights {
		if w == 0 {
			continue
		}
		from, to := bounds(i)
		if left <= float64(w) {
			return from + time.Duration(left/float64(w)*float64(to-from))
		}
		left -= float64(w)
		last = to
	}
	return last
}

// count refreshes, and is how much has ever been observed.
func (l *Latency) count() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refresh()
	return l.observed
}

// forget drops what has been observed.
func (l *Latency) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refresh()
	clear(l.weights[:])
	l.refresh()
}

// A Quantile of a distribution.
type Quantile struct {
	q  float64
	at atomic.Int64
}

// Track has the quantile q, above 0 and at most 1, be kept up to date. It is for life, so each user of a distribution tracks what
// it needs once.
func (l *Latency) Track(q float64) (*Quantile, error) {
	if !(q > 0 && q <= 1) {
		return nil, refuse("Latency", "Track", q, "above 0 and at most 1")
	}
	t := &Quantile{q: q}
	l.mu.Lock()
	defer l.mu.Unlock()
	t.at.Store(int64(l.quantile(q)))
	l.tracked = append(l.tracked, t)
	return t, nil
}

// Load is the quantile, or false when too little has been observed lately.
func (q *Quantile) Load() (time.Duration, bool) {
	d := q.at.Load()
	return time.Duration(max(d, 0)), d >= 0
}
