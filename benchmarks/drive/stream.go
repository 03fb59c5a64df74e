//go:build linux

package drive

import (
	"fmt"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// gulp is how many bytes a stream is asked for at once.
const gulp = 1 << 20

// stream asks for a stream on each connection with one message, and takes what comes. The kernel drops it without copying it
// (MSG_TRUNC), so that the client costs little beside what lies between it and the server.
func (c *client) stream() (res Result, err error) {
	fds, err := c.dialAll()
	if err != nil {
		return res, err
	}
	c.buf = make([]byte, gulp)
	for _, fd := range fds {
		if err := send(fd, Pattern(1)); err != nil {
			return res, err
		}
	}
	s := span{client: c, began: time.Now()}
	for {
		ready, err := c.wait()
		if err != nil {
			return res, err
		}
		for _, ev := range ready {
			n, err := drop(int(ev.Fd), c.buf)
			if err != nil {
				return res, err
			}
			s.done += int64(n)
		}
		if over, err := s.over(); err != nil {
			return res, err
		} else if over {
			return c.result(s.done, time.Since(s.began))
		}
	}
}

// drop takes up to len(b) bytes that have come; b stays as it is.
func drop(fd int, b []byte) (int, error) {
	n, _, e := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_TRUNC, 0, 0)
	switch {
	case e == unix.EAGAIN:
		return 0, nil
	case e != 0:
		return 0, fmt.Errorf("receiving: %w", e)
	case n == 0:
		return 0, errClosed
	}
	return int(n), nil
}

// Source is the other end of a stream: on a loopback address, it sends to each connection on which something came, for as long as
// the connection takes it, pages of a file in memory, which nobody copies. It does not return.
func Source(addr string) error {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return err
	}
	file, err := unix.MemfdCreate("stream", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	if _, err := unix.Write(file, Pattern(gulp/Message)); err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}); err != nil {
		return err
	}
	if err := unix.Listen(fd, 1024); err != nil {
		return err
	}
	for {
		conn, _, err := unix.Accept4(fd, unix.SOCK_CLOEXEC)
		if err != nil {
			return err
		}
		go pour(conn, file)
	}
}

// pour blocks a thread of its own.
func pour(conn, file int) {
	defer func() { _ = unix.Close(conn) }() // nothing is lost that anybody wants
	if n, err := unix.Read(conn, make([]byte, Message)); n <= 0 || err != nil {
		return
	}
	for offset := int64(0); ; offset %= gulp {
		if _, err := unix.Sendfile(conn, file, &offset, int(gulp-offset)); err != nil && err != unix.EINTR {
			return
		}
	}
}
