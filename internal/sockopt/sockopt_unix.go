//go:build unix

package sockopt

import (
	"time"

	"golang.org/x/sys/unix"
)

// number makes o an option whose value in the kernel is one integer, which write shows as Asked is shown.
func number(o Option, level, name, value int, write func(int) string) Option {
	o.set = func(fd int) error { return unix.SetsockoptInt(fd, level, name, value) }
	o.get = func(fd int) (string, error) {
		v, err := unix.GetsockoptInt(fd, level, name)
		return write(v), err
	}
	return o
}

func seconds(v int) string { return (time.Duration(v) * time.Second).String() }
func truth(v int) string   { return onOff(v != 0) }

func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

func noDelay(o Option, on bool) Option {
	return number(o, unix.IPPROTO_TCP, unix.TCP_NODELAY, flag(on), truth)
}

func receiveBuffer(o Option, bytes int) Option {
	return number(o, unix.SOL_SOCKET, unix.SO_RCVBUF, bytes, size)
}

func sendBuffer(o Option, bytes int) Option {
	return number(o, unix.SOL_SOCKET, unix.SO_SNDBUF, bytes, size)
}

func linger(o Option, d time.Duration) Option {
	o.set = func(fd int) error {
		return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: int32(up(d, time.Second))})
	}
	o.get = func(fd int) (string, error) {
		l, err := unix.GetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER)
		if err != nil || l.Onoff == 0 {
			return "off", err
		}
		return seconds(int(l.Linger)), nil
	}
	return o
}
