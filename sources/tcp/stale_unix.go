//go:build unix

package tcp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// makeWay removes the file of a unix socket whose server has died without removing it. It is an error when the server lives,
// or when the file is something else. The caller has locked the folder: between the look and the removal another source
// could otherwise put its own file there.
func makeWay(path string) error {
	there, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case there.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s exists and is not a socket", path)
	}
	if err := dead(path); err != nil {
		return err
	}
	return os.Remove(path)
}

// dead returns nil when nobody listens on the socket.
func dead(path string) error {
	fd, err := unixSocket()
	if err != nil {
		return err
	}
	defer func() { _ = syscall.Close(fd) }()
	switch err = syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}); err {
	case syscall.ECONNREFUSED:
		return nil
	case nil, syscall.EAGAIN, syscall.EINPROGRESS: // or its backlog is full
		return errServed(path)
	}
	return fmt.Errorf("whether %s is served cannot be told: %w", path, os.NewSyscallError("connect", err))
}

func errServed(path string) error {
	return fmt.Errorf("the unix socket %s is served by another process, or another source: %w", path, syscall.EADDRINUSE)
}

// sameFile also compares times, because a file system may give the number of a file that was removed to the next one.
func sameFile(a, b fs.FileInfo) bool { return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) }
