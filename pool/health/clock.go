package health

import "time"

// A clock reckons in the time since it was made, which fits into one word and never goes backwards.
type clock struct {
	now  func() time.Time
	base time.Time
}

func newClock(now func() time.Time) clock {
	if now == nil {
		now = time.Now
	}
	return clock{now: now, base: now()}
}

func (c *clock) since() time.Duration { return c.now().Sub(c.base) }

// at is the moment that since gave as d.
func (c *clock) at(d time.Duration) time.Time { return c.base.Add(d) }
