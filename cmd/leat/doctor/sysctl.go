package doctor

import (
	"fmt"
	"strings"
)

// A sysctl is a setting of the kernel that is one number, of which more is better.
type sysctl struct {
	name           string // as sysctl(8) has it
	little, enough int64  // below little it is bad
	want           int64  // what to set it to
	value          func(int64) string
	limits         func(int64) string
}

// datagram is how much of a socket's buffer one datagram of 64 bytes takes: the kernel counts the memory behind it. It was
// measured on Linux 6.18, where 212992 bytes hold 256 of them.
const datagram = 832

// buffered says how many small datagrams wait in a buffer of n bytes, and for how long at a million a second.
func buffered(n int64) string {
	d := n / datagram
	return fmt.Sprintf("%s datagrams of 64 bytes, %.1f ms of a million a second", count(d), float64(d)/1000)
}

var sysctls = []sysctl{
	{"net.core.somaxconn", 128, 1024, 4096, count, func(n int64) string {
		return fmt.Sprintf("%s established connections may wait until they are accepted; more are dropped and tried again by the client after 1 s", count(n))
	}},
	{"net.ipv4.tcp_max_syn_backlog", 128, 1024, 4096, count, func(n int64) string {
		return fmt.Sprintf("%s handshakes of a listener may be under way before SYN cookies begin", count(n))
	}},
	{"net.core.rmem_default", 32 << 10, 200 << 10, 212992, size, func(n int64) string {
		return "a UDP socket that asks for nothing holds " + buffered(n)
	}},
	{"net.core.rmem_max", 200 << 10, 4 << 20, 16 << 20, size, func(n int64) string {
		return "a UDP socket that asks for the most holds " + buffered(2*n) // SO_RCVBUF is doubled, socket(7)
	}},
	{"net.core.wmem_max", 200 << 10, 1 << 20, 16 << 20, size, func(n int64) string {
		return "a UDP socket that asks for the most can have sent and not delivered to the device " + buffered(2*n)
	}},
	{"net.core.netdev_max_backlog", 300, 1000, 10000, count, func(n int64) string {
		return fmt.Sprintf("%s packets may wait for a processor behind loopback, veth and RPS, %.1f ms of a million a second", count(n), float64(n)/1000)
	}},
	{"net.core.bpf_jit_enable", 0, 1, 1, count, func(n int64) string {
		if n == 0 {
			return "filters of sockets and XDP programs are interpreted, several times slower"
		}
		return "filters of sockets and XDP programs run as machine code"
	}},
}

// sysctls looks at all settings of the table.
func (x *examination) sysctls() {
	for _, s := range sysctls {
		n, err := x.numbers(setting(s.name), 1)
		if err != nil {
			x.unseen(s.name, err)
			continue
		}
		x.add(Finding{s.name, s.value(n[0]), grade(n[0], s.little, s.enough), s.limits(n[0]), fmt.Sprintf("sysctl -w %s=%d", s.name, s.want)})
	}
}

// setting is where a setting stands in the tree.
func setting(name string) string { return "proc/sys/" + strings.ReplaceAll(name, ".", "/") }
