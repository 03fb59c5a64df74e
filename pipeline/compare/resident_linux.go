package compare

import (
	"fmt"
	"os"
)

// resident is the second figure of statm, in pages (proc_pid_statm(5)). The greatest that getrusage(2) tells is no use: a
// process inherits that of the one that started it.
func resident() uint64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages uint64
	if _, err := fmt.Sscan(string(b), &size, &pages); err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}
