package veth

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// SpreadReceiving has the kernel receive what comes to the host's interface on the processors of a mask in hexadecimal (receive
// packet steering, Linux's Documentation/networking/scaling.rst). Without it veth receives on the sender's processor, in the
// sender's time. It needs the program unshare (Debian: util-linux), because /sys shows the interfaces of whoever has mounted it.
func (h *Host) SpreadReceiving(mask string) error {
	return h.script(fmt.Sprintf("mount -t sysfs sysfs /sys && echo %s > /sys/class/net/%s/queues/rx-0/rps_cpus", mask, h.Iface))
}

// ReceiveOn has a thread of the kernel on one processor receive what comes to the host's interface, for programs of XDP, which
// come before packets are steered. The interface must have one.
func (h *Host) ReceiveOn(cpu int) error {
	if err := h.script(fmt.Sprintf("mount -t sysfs sysfs /sys && echo 1 > /sys/class/net/%s/threaded", h.Iface)); err != nil {
		return err
	}
	names, err := filepath.Glob("/proc/[0-9]*/comm")
	if err != nil {
		return err
	}
	found := false
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil || !strings.HasPrefix(string(b), "napi/"+h.Iface+"-") {
			continue // it may have ended meanwhile
		}
		pid, err := strconv.Atoi(strings.Split(name, "/")[2])
		if err != nil {
			return err
		}
		var set unix.CPUSet
		set.Set(cpu)
		if err := unix.SchedSetaffinity(pid, &set); err != nil {
			return err
		}
		found = true
	}
	if !found {
		return fmt.Errorf("the kernel has no thread that receives for %s", h.Iface)
	}
	return nil
}
