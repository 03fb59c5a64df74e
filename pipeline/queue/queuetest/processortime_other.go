//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package queuetest

import "time"

func processorTime() (time.Duration, bool) { return 0, false }
