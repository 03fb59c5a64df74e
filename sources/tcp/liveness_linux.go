package tcp

import "github.com/leat-io/leat/internal/reactor"

func (r *reactors) liveness() func() bool {
	return turning(r.started, func(see func(*reactor.Loop)) {
		for _, l := range r.loops {
			see(l.events)
		}
	})
}

// turning returns a function that says whether all loops that each lists, once started is closed, have turned or slept since it was
// called before.
func turning(started <-chan struct{}, each func(see func(*reactor.Loop))) func() bool {
	before := map[*reactor.Loop]uint64{}
	return func() bool {
		select {
		case <-started:
		default:
			return true
		}
		turn := true
		each(func(l *reactor.Loop) {
			n, asleep := l.Turns()
			if was, ok := before[l]; ok && !asleep && n == was {
				turn = false
			}
			before[l] = n
		})
		return turn
	}
}
