//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package tcp

import (
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockPatience is how long to wait for other sources that begin to listen, which takes each of them less than a millisecond.
const lockPatience = time.Second

// lockFolder keeps other sources from beginning to listen in the folder of path meanwhile. Others than sources may lock a
// folder for reasons of their own and for a long time (systemd-tmpfiles(8) asks them to): nobody waits for ever.
func lockFolder(path string) (unlock func(), err error) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	for began := time.Now(); time.Since(began) < lockPatience; time.Sleep(time.Millisecond) {
		if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != syscall.EWOULDBLOCK && err != syscall.EINTR {
			break // also where a file system has no locks
		}
	}
	return func() { dir.Close() }, nil
}
