package doctor

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
)

func (x *examination) kernel() {
	const name = "kernel"
	s, err := x.text("proc/sys/kernel/osrelease")
	if err != nil {
		x.unseen(name, err)
		return
	}
	f := Finding{Name: name, Value: s, Verdict: OK, Limits: "all that leat asks for is there", Advice: "a kernel of version 5.10 or later"}
	switch {
	case x.older(3, 9):
		f.Verdict, f.Limits = Bad, "no SO_REUSEPORT: one listener for all lanes"
	case x.older(4, 18):
		f.Verdict, f.Limits = Low, "no UDP_SEGMENT and no UDP_GRO: each datagram is sent and received alone; no io_uring"
	case x.older(5, 0):
		f.Verdict, f.Limits = Low, "no UDP_GRO: each datagram is received alone; no io_uring"
	case x.older(5, 1):
		f.Verdict, f.Limits = Low, "no io_uring"
	}
	x.add(f)
}

// older says whether the kernel is known to be older than a version.
func (x *examination) older(major, minor int) bool {
	s, err := x.text("proc/sys/kernel/osrelease")
	if err != nil {
		return false
	}
	first, rest, _ := strings.Cut(s, ".")
	have, err := strconv.Atoi(first)
	if err != nil {
		return false
	}
	second := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	minors, err := strconv.Atoi(second)
	return have < major || have == major && err == nil && minors < minor
}

func (x *examination) uring() {
	const name = "io_uring"
	err := x.Uring.Probe()
	if err != nil && x.System != "linux" {
		x.unseen(name, err)
		return
	}
	f := Finding{Name: name, Value: "works", Verdict: OK, Limits: "engines on io_uring can be chosen"}
	if err != nil {
		f.Value, f.Verdict = err.Error(), Low
		f.Limits = "engines on io_uring cannot be chosen; those on epoll do the same"
		f.Advice = x.unlockUring(err)
	}
	x.add(f)
}

// unlockUring says what keeps io_uring away.
func (x *examination) unlockUring(err error) string {
	disabled, _ := x.text(setting("kernel.io_uring_disabled"))
	switch {
	case errors.Is(err, syscall.ENOSYS):
		return "a kernel of version 5.1 or later, built with CONFIG_IO_URING"
	case errors.Is(err, syscall.ENOMEM):
		return "ulimit -l unlimited: before Linux 5.12 its rings count as locked memory"
	case disabled == "2":
		return "sysctl -w kernel.io_uring_disabled=0"
	case disabled == "1":
		return "put the user into the group that kernel.io_uring_group names, or sysctl -w kernel.io_uring_disabled=0"
	case errors.Is(err, syscall.EPERM):
		return "a seccomp profile that allows io_uring_setup, io_uring_enter and io_uring_register; those of container runtimes do not"
	}
	return fmt.Sprintf("nothing known: %v", err)
}
