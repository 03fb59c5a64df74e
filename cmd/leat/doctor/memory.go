package doctor

import (
	"fmt"
	"strings"
)

// connBytes is what a connection costs on the reactor that has sent a request: 280 bytes of the process, as measured with ten thousand
// of them (6.5 KB where each has a goroutine), and 3.7 KB of the kernel, the sum of its objects in /proc/slabinfo (TCP, sock_inode_cache, filp, dentry, eventpoll_epi on
// Linux 6.18). What waits in its buffers comes on top.
const connBytes = 280 + 3700

func (x *examination) memory() {
	const name = "memory"
	total, err := x.memTotal()
	if err != nil {
		x.unseen(name, err)
		return
	}
	limit := int64(unlimited)
	if dirs, err := x.cgroup("memory"); err == nil {
		limit = x.memoryLimit(dirs)
	}
	f := Finding{Name: name, Value: size(total) + ", no cgroup limit"}
	have := total
	if limit < total {
		have = limit
		f.Value = fmt.Sprintf("%s, cgroup limit %s", size(total), size(limit))
		f.Advice = fmt.Sprintf("raise the limit of the container, and set GOMEMLIMIT=%dMiB so that the collector works harder before the kernel ends the process", limit*9/10>>20)
	} else {
		f.Advice = "more memory, or a smaller --max-conns"
	}
	need := int64(x.conns) * connBytes
	f.Limits = fmt.Sprintf("about %s connections that have been used and rest, on the reactor; what waits in buffers comes on top", count(have/connBytes))
	f.Verdict = grade(have, need, 2*need)
	x.add(f)
}

// memTotal is the memory of the machine in bytes.
func (x *examination) memTotal() (int64, error) {
	s, err := x.text("proc/meminfo")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(s) {
		if w := strings.Fields(line); len(w) >= 2 && w[0] == "MemTotal:" {
			n, err := number(w[1])
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/meminfo has no MemTotal")
}

func (x *examination) hugePages() {
	const name = "transparent huge pages"
	s, err := x.text("sys/kernel/mm/transparent_hugepage/enabled")
	if err != nil {
		x.unseen(name, err)
		return
	}
	_, rest, _ := strings.Cut(s, "[") // always [madvise] never
	mode, _, _ := strings.Cut(rest, "]")
	f := Finding{Name: name, Value: mode, Verdict: OK, Limits: "small heaps stay small"}
	if mode == "always" {
		f.Verdict, f.Limits = Low, "resident memory grows in steps of 2 MiB, and collapsing pages stops threads for moments"
		f.Advice = "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"
	}
	x.add(f)
}

func (x *examination) swap() {
	const name = "swap"
	s, err := x.text("proc/swaps")
	if err != nil {
		x.unseen(name, err)
		return
	}
	var all, used int64
	for i, line := range strings.Split(s, "\n") { // Filename Type Size Used Priority, in KiB, below a line of titles
		w := strings.Fields(line)
		if i == 0 || len(w) < 4 {
			continue
		}
		n, _ := number(w[2])
		u, _ := number(w[3])
		all, used = all+n<<10, used+u<<10
	}
	f := Finding{Name: name, Value: "none", Verdict: OK, Limits: "no request waits for a disk because its memory was lent out"}
	if all > 0 {
		f.Value = fmt.Sprintf("%s, %s in use", size(all), size(used))
		f.Verdict, f.Limits = Low, "a page that was swapped out costs the lane that needs it milliseconds, with all its connections"
		f.Advice = "swapoff -a, or sysctl -w vm.swappiness=1"
	}
	x.add(f)
}
