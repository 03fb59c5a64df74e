package sockopt

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func force(fd, bytes int) error {
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bytes)
}

func forceSend(fd, bytes int) error {
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, bytes)
}

func milliseconds(v int) string { return (time.Duration(v) * time.Millisecond).String() }

func quickAck(o Option, on bool) Option {
	return number(o, unix.IPPROTO_TCP, unix.TCP_QUICKACK, flag(on), truth)
}

func userTimeout(o Option, d time.Duration) Option {
	return number(o, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, up(d, time.Millisecond), milliseconds)
}

func deferAccept(o Option, d time.Duration) Option {
	return number(o, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, up(d, time.Second), seconds)
}

// size takes back that the kernel doubles the size of a buffer, to have room for its own bookkeeping (socket(7)).
func size(v int) string { return strconv.Itoa(v / 2) }

func keepAlive(o Option, idle, interval time.Duration, count int) Option {
	values := [...]struct{ level, name, value int }{
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, up(idle, time.Second)},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, up(interval, time.Second)},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, count},
	}
	o.set = func(fd int) error {
		if idle == 0 {
			return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0)
		}
		for _, v := range values {
			if err := unix.SetsockoptInt(fd, v.level, v.name, v.value); err != nil {
				return err
			}
		}
		return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	}
	o.get = func(fd int) (string, error) {
		if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE); err != nil || on == 0 {
			return "off", err
		}
		var got [len(values)]int
		for i, v := range values {
			var err error
			if got[i], err = unix.GetsockoptInt(fd, v.level, v.name); err != nil {
				return "", err
			}
		}
		return probes(time.Duration(got[0])*time.Second, time.Duration(got[1])*time.Second, got[2]), nil
	}
	return o
}

func congestion(o Option, name string) Option {
	o.set = func(fd int) error {
		err := unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, name)
		if err == unix.ENOENT {
			if there, e := os.ReadFile("/proc/sys/net/ipv4/tcp_available_congestion_control"); e == nil {
				return fmt.Errorf("there are %s: %w", strings.TrimSpace(string(there)), err)
			}
		}
		return err
	}
	o.get = func(fd int) (string, error) {
		s, err := unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
		return strings.TrimRight(s, "\x00"), err
	}
	return o
}

func backlog(o Option, n int) Option {
	o.set = func(fd int) error { return unix.Listen(fd, n) } // a second call on the same socket changes the length (listen(2))
	o.get = func(fd int) (string, error) {
		if _, most, ok := Queue(fd); ok {
			return strconv.Itoa(most), nil
		}
		return strconv.Itoa(min(n, MaxBacklog())), nil
	}
	return o
}

// MaxBacklog is the longest backlog that the kernel grants; it silently takes less than it is asked for.
func MaxBacklog() int {
	b, err := os.ReadFile("/proc/sys/net/core/somaxconn")
	if n, bad := strconv.Atoi(string(bytes.TrimSpace(b))); err == nil && bad == nil {
		return n
	}
	return unix.SOMAXCONN
}

// Queue says how many connections wait to be accepted from a TCP socket that listens, and how many may. The kernel reports
// them in fields of TCP_INFO that have another meaning for a connection (net/ipv4/tcp.c, tcp_get_info).
func Queue(fd int) (waiting, most int, ok bool) {
	i, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil || i.State != unix.BPF_TCP_LISTEN {
		return 0, 0, false
	}
	return int(i.Unacked), int(i.Sacked), true
}
