package main

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// besideLoad calls start with the processors of this process's parent that this process may not use, which the process that is
// started inherits: a proxy that is pinned to one shall not share it. If there are no others start is called as it is.
func besideLoad(start func() error) error {
	runtime.LockOSThread() // affinity is the thread's
	defer runtime.UnlockOSThread()
	var all, mine, others unix.CPUSet
	if unix.SchedGetaffinity(os.Getppid(), &all) != nil || unix.SchedGetaffinity(0, &mine) != nil {
		return start()
	}
	for i := range all {
		others[i] = all[i] &^ mine[i]
	}
	if others.Count() == 0 || unix.SchedSetaffinity(0, &others) != nil {
		return start()
	}
	defer func() { _ = unix.SchedSetaffinity(0, &mine) }() // it was allowed before
	return start()
}
