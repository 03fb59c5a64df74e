//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package queuetest

import (
	"syscall"
	"time"
)

// processorTime is what the process has used, in user and in system mode.
func processorTime() (time.Duration, bool) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, false
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), true
}
