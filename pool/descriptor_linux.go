package pool

import (
	"io"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// descriptor takes the descriptor out of a connection, which is closed.
func descriptor(c net.Conn) (fd int, err error) {
	defer c.Close()
	s, ok := c.(syscall.Conn)
	if !ok {
		return -1, errNoDescriptor
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return -1, err
	}
	var dup error
	if err := raw.Control(func(old uintptr) { fd, dup = duplicate(int(old)) }); err != nil {
		return -1, err
	}
	return fd, dup
}

const (
	eagain = syscall.EAGAIN
	eintr  = syscall.EINTR
)

// duplicate gives the descriptor of a connection a number of our own, which does not block.
func duplicate(fd int) (int, error) {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.SetNonblock(n, true); err != nil {
		_ = unix.Close(n)
		return -1, err
	}
	return n, nil
}

// closedBy is why a connection that cannot be read is closed.
func closedBy(err error) (Reason, error) {
	if err == nil {
		return ReasonPeer, io.EOF
	}
	return ReasonError, err
}
