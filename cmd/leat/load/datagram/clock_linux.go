package datagram

import (
	"bytes"
	"os"
	"time"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/sys/unix"
)

// A clock is the machine's monotonic one, which all of its processes share.
type clock struct {
	base  int64 // at epoch
	epoch time.Time
	host  uint32 // names the machine since it was started; 0 when that is not known
}

func newClock() clock {
	var ts unix.Timespec
	c := clock{epoch: time.Now()}
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return c
	}
	c.base = ts.Nano()
	if id, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		c.host = uint32(xxhash.Sum64(bytes.TrimSpace(id))) | 1
	}
	return c
}

func (c clock) now() int64 { return c.base + int64(time.Since(c.epoch)) }
