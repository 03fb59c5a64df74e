//go:build !linux

package datagram

import "time"

// A clock is that of this process alone.
type clock struct {
	epoch time.Time
	host  uint32 // 0: no other process shares it
}

func newClock() clock { return clock{epoch: time.Now()} }

func (c clock) now() int64 { return int64(time.Since(c.epoch)) + 1 }
