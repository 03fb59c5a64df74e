package doctor

import (
	"errors"
	"fmt"
	"strings"
)

// spare is how many descriptors a server needs beside its connections: listeners, the poller, logs, a journal.
const spare = 100

func (x *examination) descriptors() {
	const name = "open files (RLIMIT_NOFILE)"
	soft, hard, err := x.openFiles()
	if err != nil {
		x.unseen(name, err)
		return
	}
	// Go raises the soft limit to one below the hard one at the start of any process (syscall/rlimit.go), so the soft limit of
	// this process is that of a server.
	conns := max(soft-spare, 0)
	value := count(soft)
	if soft < hard-1 {
		value = fmt.Sprintf("%s soft, %s hard", count(soft), count(hard))
	}
	x.add(Finding{
		Name: name, Value: value,
		Limits:  fmt.Sprintf("%s descriptors: at most about %s connections, half as many through a proxy", count(soft), count(conns)),
		Verdict: grade(conns, int64(x.conns)/4, int64(x.conns)),
		Advice: fmt.Sprintf("ulimit -n %d before the start, as root; under systemd LimitNOFILE=%[1]d, in Docker --ulimit nofile=%[1]d",
			roundUp(2*int64(x.conns)+spare)),
	})
}

// openFiles reads the limits of this process.
func (x *examination) openFiles() (soft, hard int64, err error) {
	s, err := x.text("proc/self/limits")
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(s) {
		rest, ok := strings.CutPrefix(line, "Max open files")
		words := strings.Fields(rest)
		if !ok || len(words) < 2 {
			continue
		}
		limits := [2]int64{unlimited, unlimited}
		for i, w := range words[:2] {
			if w == "unlimited" {
				continue
			}
			if limits[i], err = number(w); err != nil {
				return 0, 0, err
			}
		}
		return limits[0], limits[1], nil
	}
	return 0, 0, errors.New("/proc/self/limits does not name open files")
}

func (x *examination) systemFiles() {
	const name = "fs.file-max"
	n, err := x.numbers("proc/sys/fs/file-max", 1)
	if err != nil {
		x.unseen(name, err)
		return
	}
	x.add(Finding{
		Name: name, Value: count(n[0]),
		Limits:  "descriptors of all processes together" + x.filesInUse(),
		Verdict: grade(n[0], int64(x.conns)+spare, 2*int64(x.conns)+spare),
		Advice:  fmt.Sprintf("sysctl -w fs.file-max=%d", roundUp(8*int64(x.conns))),
	})
}

// filesInUse is how many descriptors there are, if the kernel says so.
func (x *examination) filesInUse() string {
	n, err := x.numbers("proc/sys/fs/file-nr", 1)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("; %s are in use", count(n[0]))
}

// roundUp is the next power of two, which is easier to remember.
func roundUp(n int64) int64 {
	p := int64(1)
	for p < n {
		p *= 2
	}
	return p
}
