//go:build !linux

package load

import "time"

// A napper sleeps with the runtime's timers, about 1 ms coarse on an idle machine.
type napper struct{}

func newNapper(bool) *napper { return new(napper) }

func (*napper) sleep(d time.Duration) { time.Sleep(d) }

func (*napper) close() {}
