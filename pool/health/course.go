package health

import (
	"math"
	"math/rand/v2"
	"time"
)

// A course is what the results of the checks of one target have led to.
type course struct {
	known bool // there was a result. Until then it is taken to be up.
	down  bool
	row   int // results in a row that speak against the present state
	dead  int // failures since it is down
}

// result takes one in, and reports whether the state has changed. The first result of all needs no others beside it.
func (c *course) result(ok bool, o *MonitorOptions) (changed bool) {
	if c.known && ok != c.down { // it is as it was
		c.row = 0
		if c.down {
			c.dead++
		}
		return false
	}
	c.row++
	need := o.Fall
	if c.down {
		need = o.Rise
	}
	switch first := !c.known; {
	case first && ok:
		c.known, c.row = true, 0
		return false
	case !first && c.row < need:
		return false
	}
	c.known = true
	c.down, c.row, c.dead = !ok, 0, 0
	return true
}

// wait is the time from the begin of one check to that of the next, and whether that is to be kept exactly.
func (c *course) wait(o *MonitorOptions) (d time.Duration, exactly bool) {
	switch {
	case c.row > 0 && c.down:
		return shorter(max(o.Suspect, o.Interval/4), o.Jitter), true
	case c.row > 0: // many monitors may have seen the same at once
		return shorter(o.Suspect, max(o.Jitter, math.Copysign(.5, o.Jitter))), true
	case c.down:
		d = Backoff{Min: o.Interval, Max: o.Dead, Factor: 1.5, Jitter: -1}.Delay(c.dead)
	default:
		d = o.Interval
	}
	return shorter(d, o.Jitter-roundJitter), false
}

// shorter takes a part of d away, at random up to a share.
func shorter(d time.Duration, share float64) time.Duration {
	if share <= 0 {
		return d
	}
	return d - time.Duration(share*rand.Float64()*float64(d))
}

// doubts is how many more failures bring the target down.
func (c *course) doubts(o *MonitorOptions) int {
	if c.down || !c.known {
		return 1
	}
	return o.Fall - c.row
}
