//go:build unix

package load

import (
	"io"
	"net"
	"os"
	"syscall"

	"github.com/leat-io/leat/internal/nonblock"
)

// A socket reads and writes the descriptor of a connection without waiting, which skips most of what package net does
// around a system call.
type socket struct {
	raw syscall.RawConn
	fd  int
}

// socketOf returns the socket of a TCP or Unix connection, and nil for any other connection.
func socketOf(nc net.Conn) *socket {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		return nil
	}
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		return nil
	}
	s := &socket{raw: raw}
	if raw.Control(func(fd uintptr) { s.fd = int(fd) }) != nil {
		return nil
	}
	return s
}

// read hands each piece of input to took until that returns false. It ends also with the read deadline or any other error.
//
// It stays inside one RawConn.Read: each new one would reset the poller, forget edges that have come, and so cost a read
// that finds nothing. The goroutine sleeps where the function returns false. After a short read it reads once more, as the
// edge may stand for these bytes and for the end of input behind them.
func (s *socket) read(b []byte, took func(n int) bool) (err error) {
	waited := s.raw.Read(func(fd uintptr) (done bool) {
		for {
			var n int
			switch n, err = nonblock.Read(int(fd), b); {
			case n > 0:
				if !took(n) {
					return true
				}
			case err == nil:
				err = io.EOF
				return true
			case err == syscall.EAGAIN:
				err = nil
				return false
			case err != syscall.EINTR:
				err = os.NewSyscallError("read", err)
				return true
			}
		}
	})
	if err == nil {
		err = waited
	}
	return err
}

// write writes what the kernel takes at once. The caller sees to it that the connection is not closed meanwhile.
func (s *socket) write(b []byte) (n int, err error) {
	for {
		switch n, err = nonblock.Write(s.fd, b); err {
		case nil:
			return n, nil
		case syscall.EAGAIN:
			return 0, nil
		case syscall.EINTR:
		default:
			return 0, os.NewSyscallError("write", err)
		}
	}
}
