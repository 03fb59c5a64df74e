package plainmux

import "time"

// A bucket allows so many events a period, and holds one period's worth.
type bucket struct {
	limit  float64
	period time.Duration
	tokens float64
	at     time.Time
}

func newBucket(limit int, period time.Duration) bucket {
	return bucket{limit: float64(limit), period: period, tokens: float64(limit), at: time.Now()}
}

// take counts one event and says whether it is still within the limit.
func (b *bucket) take() bool {
	now := time.Now()
	b.tokens = min(b.limit, b.tokens+b.limit*float64(now.Sub(b.at))/float64(b.period))
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
