package tcp

import (
	"context"
	"time"
)

// heldFor is how long a lane may go without a turn before that is reported: a peer of another connection feels it as a delay.
const heldFor = 100 * time.Millisecond

// watch reports lanes that do not turn, each once until it has turned again. Time in which it could not look itself is
// nobody's: the process was suspended, or had no processor.
func (r *reactors) watch(ctx context.Context) {
	type seen struct {
		turns    uint64
		since    time.Time
		reported bool
	}
	select {
	case <-ctx.Done():
		return
	case <-r.started:
	}
	last := make([]seen, len(r.loops))
	tick := time.NewTicker(heldFor / 4)
	defer tick.Stop()
	for looked := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		away := max(now.Sub(looked)-heldFor/4, 0)
		looked = now
		for i, l := range r.loops {
			turns, asleep := l.events.Turns()
			s := &last[i]
			s.since = s.since.Add(away)
			switch {
			case asleep || turns != s.turns:
				*s = seen{turns: turns, since: now}
			case !s.reported && now.Sub(s.since) >= heldFor:
				s.reported = true
				l.inlet.Lane.Suspect(s.since)
			}
		}
	}
}
