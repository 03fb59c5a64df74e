package pool

import (
	"sync"
	"time"

	"github.com/leat-io/leat/pool/health"
)

// A backoff keeps a backend that cannot be reached from being dialed for a time that grows with each failure.
type backoff struct {
	limits *Limits

	mu       sync.Mutex
	failures int
	until    time.Time
	err      error
}

// check returns when the next dial may be and the error of the last one, which is nil when it may be now.
func (o *backoff) check(now time.Time) (until time.Time, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now.Before(o.until) {
		return o.until, o.err
	}
	return time.Time{}, nil
}

func (o *backoff) failed(now time.Time, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	wait := health.Backoff{Min: o.limits.Backoff, Max: o.limits.MaxBackoff}
	o.until, o.err = now.Add(wait.Delay(o.failures)), err
	o.failures++
}

func (o *backoff) succeeded() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failures, o.until, o.err = 0, time.Time{}, nil
}
