//go:build !linux

package nap

import "time"

// A Napper sleeps with the runtime's timers, about 1 ms coarse on an idle machine.
type Napper struct{}

// New returns a Napper.
func New(bool) *Napper { return new(Napper) }

// Sleep sleeps for at least d.
func (*Napper) Sleep(d time.Duration) { time.Sleep(d) }

// Close does nothing.
func (*Napper) Close() {}
