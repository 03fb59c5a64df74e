package packet

import "sync/atomic"

// A Tally counts what is refused, by reason. Any goroutine may add to it.
type Tally [Reasons]atomic.Uint64

// Each calls f for each reason that has occurred, but not for OK.
func (t *Tally) Each(f func(r Reason, n uint64)) {
	for r := OK + 1; r < Reasons; r++ {
		if n := t[r].Load(); n > 0 {
			f(r, n)
		}
	}
}
