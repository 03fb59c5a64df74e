package tcp

import (
	"context"
	"time"

	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/stage"
)

// heldFor is how long a lane may go without a turn before that is reported: a peer of another connection feels it as a delay.
const heldFor = 100 * time.Millisecond

// watch reports lanes that do not turn, each once until it has turned again. Time in which it could not look itself is
// nobody's: the process was suspended, or had no processor.
func (r *reactors) watch(ctx context.Context) {
	watchLoops(ctx, r.started, func() (all []watched) {
		for _, l := range r.loops {
			all = append(all, watched{l.events, l.inlet.Lane})
		}
		return all
	})
}

// A watched loop with the lane to blame.
type watched struct {
	events *reactor.Loop
	lane   *stage.Lane
}

// watchLoops watches what list gives once started is closed, until ctx ends.
func watchLoops(ctx context.Context, started <-chan struct{}, list func() []watched) {
	type seen struct {
		turns    uint64
		since    time.Time
		reported bool
	}
	select {
	case <-ctx.Done():
		return
	case <-started:
	}
	loops := list()
	last := make([]seen, len(loops))
	for i := range last {
		last[i].since = time.Now() // a loop may not have begun to turn
	}
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
		for i, l := range loops {
			turns, asleep := l.events.Turns()
			s := &last[i]
			s.since = s.since.Add(away)
			switch {
			case asleep || turns != s.turns:
				*s = seen{turns: turns, since: now}
			case !s.reported && now.Sub(s.since) >= heldFor:
				s.reported = true
				l.lane.Suspect(s.since)
			}
		}
	}
}
