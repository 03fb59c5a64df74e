//go:build unix

package tcp

import (
	"net"
	"os"
	"syscall"
)

// A socket is a descriptor that the runtime's poller watches. As an os.File it costs a third less memory than as a net.Conn,
// which keeps both addresses.
type socket = *os.File

type listener = *os.File

// listenOn takes the socket of a listener over. Connections inherit its options.
func listenOn(ln *net.TCPListener) (listener, error) {
	defer ln.Close()
	f, err := ln.File() // a duplicate
	if err != nil {
		return nil, err
	}
	raw, err := f.SyscallConn()
	if err == nil {
		err2 := raw.Control(func(fd uintptr) { err = sysOptions(int(fd)) })
		if err == nil {
			err = err2
		}
	}
	if err != nil {
		f.Close()
		return nil, os.NewSyscallError("setsockopt", err)
	}
	return f, nil
}

// acceptSome waits for connections and takes them, until the source stops or accept fails.
func (s *Source) acceptSome() (err error) {
	raw, err := s.ln.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Read(func(fd uintptr) (done bool) {
		failed = s.acceptAll(int(fd))
		return failed != nil || s.stopping.Load()
	})
	if failed != nil {
		return failed
	}
	return err
}

// acceptRest takes the connections that were established and not accepted when the source stopped.
func (s *Source) acceptRest() {
	if raw, err := s.ln.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { _ = s.acceptAll(int(fd)) })
	}
}

// acceptAll takes what is in the backlog.
func (s *Source) acceptAll(listening int) error {
	for {
		fd, err := sysAccept(listening)
		switch err {
		case nil:
			s.serve(&conn{sock: os.NewFile(uintptr(fd), "tcp"), fd: int32(fd)})
		case syscall.EAGAIN:
			return nil
		case syscall.EINTR, syscall.ECONNABORTED:
		default:
			return os.NewSyscallError("accept", err)
		}
	}
}

// closeWrite and reset are called with the lock held, or by the goroutine that alone closes the descriptor.

func (c *conn) closeWrite() { _ = syscall.Shutdown(int(c.fd), syscall.SHUT_WR) }

// reset makes the close that follows one that the peer sees as a reset.
func (c *conn) reset() {
	_ = syscall.SetsockoptLinger(int(c.fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
}

// Peer implements stage.Port.
func (c *conn) Peer() (name string) {
	c.Locked(func(bool) {
		if name = "a peer that is gone"; c.fd < 0 {
			return
		}
		switch a, _ := syscall.Getpeername(int(c.fd)); a := a.(type) {
		case *syscall.SockaddrInet4:
			name = (&net.TCPAddr{IP: a.Addr[:], Port: a.Port}).String()
		case *syscall.SockaddrInet6:
			name = (&net.TCPAddr{IP: a.Addr[:], Port: a.Port}).String()
		}
	})
	return name
}
