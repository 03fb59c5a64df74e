//go:build unix && !linux

package sockopt

import (
	"errors"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

func force(int, int) error     { return errors.ErrUnsupported }
func forceSend(int, int) error { return errors.ErrUnsupported }

func size(v int) string { return strconv.Itoa(v) }

// keepAlive turns probes on or off. Their times are those of the system: how they are set, and whether connections inherit
// them, differs from one to the next.
func keepAlive(o Option, idle, _ time.Duration, _ int) Option {
	return number(o, unix.SOL_SOCKET, unix.SO_KEEPALIVE, flag(idle != 0), func(v int) string {
		if v == 0 {
			return "off"
		}
		return "after the times of the system"
	})
}

func backlog(o Option, n int) Option {
	o.set = func(fd int) error { return unix.Listen(fd, n) }
	o.get = func(int) (string, error) { return o.Asked, nil } // nobody can be asked
	return o
}

func userTimeout(o Option, _ time.Duration) Option { return unsupported(o) }
func deferAccept(o Option, _ time.Duration) Option { return unsupported(o) }
func quickAck(o Option, _ bool) Option             { return unsupported(o) }
func congestion(o Option, _ string) Option         { return unsupported(o) }

func unsupported(o Option) Option {
	o.set = func(int) error { return errors.ErrUnsupported }
	o.get = func(int) (string, error) { return "", errors.ErrUnsupported }
	return o
}

// Queue has nobody to ask.
func Queue(int) (waiting, most int, ok bool) { return 0, 0, false }

// MaxBacklog is a backlog that every system takes.
func MaxBacklog() int { return unix.SOMAXCONN }
