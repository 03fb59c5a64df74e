//go:build unix

package datagram

import (
	"syscall"
	"time"
)

// processorTime is what this process has used, in user and kernel mode.
func processorTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
