package journal

import (
	"os"
	"syscall"
)

// dataSync is fdatasync(2): unlike fsync it does not write the time of the last change.
func dataSync(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return err
		}
	}
}
