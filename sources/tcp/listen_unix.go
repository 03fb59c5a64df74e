//go:build unix

package tcp

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"

	"github.com/leat-io/leat/internal/sockopt"
)

// A listener is a listening socket that the runtime's poller watches.
type listener struct {
	*os.File
	reserve *reserve
	path    string      // of a unix socket
	file    fs.FileInfo // of a unix socket as it was made, or nil
}

func newListener(f *os.File) listener {
	l := listener{File: f, reserve: &reserve{open: os.Open}}
	l.reserve.fill()
	return l
}

// Close closes the socket.
func (l listener) Close() {
	l.File.Close()
	l.reserve.spend()
}

// retire removes the file of a unix socket, unless it is somebody else's by now: nobody connects any more.
func (l listener) retire() {
	if l.file == nil {
		return
	}
	if now, err := os.Lstat(l.path); err == nil && sameFile(now, l.file) {
		_ = os.Remove(l.path)
	}
}

// listenOn takes the socket of a listener over.
func listenOn(ln *net.TCPListener) (listener, error) {
	defer ln.Close()
	f, err := ln.File() // a duplicate
	if err != nil {
		return listener{}, err
	}
	return newListener(f), nil
}

// listenUnix opens a unix socket with its options.
func (s *Source) listenUnix(path string) (listener, net.Addr, error) {
	abstract := strings.HasPrefix(path, "@")
	switch most := len(syscall.RawSockaddrUnix{}.Path) - 1; {
	case path == "" || path == "@":
		return listener{}, nil, fmt.Errorf("the address %q names no file", s.addr)
	case len(path) > most:
		return listener{}, nil, fmt.Errorf("the path of a unix socket may have at most %d bytes: %q has %d", most, path, len(path))
	case abstract && runtime.GOOS != "linux":
		return listener{}, nil, fmt.Errorf("the address %q has no file: only Linux has such sockets", s.addr)
	case abstract && s.mode != nil:
		return listener{}, nil, fmt.Errorf("the option Mode is for unix sockets with a file: %q has none", s.addr)
	}
	fd, err := unixSocket()
	if err != nil {
		return listener{}, nil, err
	}
	l := newListener(os.NewFile(uintptr(fd), path))
	if err = s.setEarly(fd); err == nil {
		if abstract {
			if err = bindName(fd, path); err == nil {
				err = startListening(fd)
			}
		} else {
			l.path = path
			l.file, err = s.bindFile(fd, path)
		}
	}
	if err != nil {
		l.retire()
		l.Close()
		return listener{}, nil, err
	}
	return l, &net.UnixAddr{Name: path, Net: "unix"}, nil
}

// bindFile makes the file of a unix socket and listens. Nobody can connect before the file has the mode that was asked for.
func (s *Source) bindFile(fd int, path string) (made fs.FileInfo, err error) {
	unlock, err := lockFolder(path)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := makeWay(path); err != nil {
		return nil, err
	}
	if err := bindName(fd, path); err != nil {
		return nil, err
	}
	if made, err = os.Lstat(path); err != nil {
		return nil, err
	}
	if s.mode != nil {
		if err := os.Chmod(path, fs.FileMode(*s.mode)); err != nil {
			return made, err
		}
	}
	return made, startListening(fd)
}

func bindName(fd int, name string) error {
	switch err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: name}); {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return errServed(name)
	default:
		return &os.PathError{Op: "bind", Path: name, Err: err}
	}
}

func startListening(fd int) error {
	return os.NewSyscallError("listen", syscall.Listen(fd, sockopt.MaxBacklog()))
}

func unixSocket() (fd int, err error) {
	syscall.ForkLock.RLock() // no child may inherit the descriptor before it is marked
	fd, err = syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if err = syscall.SetNonblock(fd, true); err != nil {
		_ = syscall.Close(fd)
		return -1, os.NewSyscallError("fcntl", err)
	}
	return fd, nil
}
