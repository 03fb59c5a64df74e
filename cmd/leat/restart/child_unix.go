//go:build unix

package restart

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// upgrades are the signals that ask for an upgrade.
func upgrades() (c chan os.Signal, stop func()) {
	c = make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR2)
	return c, func() { signal.Stop(c) }
}

// inheritFile is a descriptor that the process was given. No child of this one is to have it.
func inheritFile(fd int) *os.File {
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), "ready")
}

// program is where the program is that runs, as it was called: behind a symbolic link there may be another one by now. It must be
// asked for before the working directory changes.
func program() (string, error) {
	path, err := exec.LookPath(os.Args[0])
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// begin starts the program anew with the socket of an address, and awaits what it says. It has the standard streams, the socket
// and the pipe, and no other descriptor.
func begin(path, address string, socket syscall.Conn) (*child, error) {
	ready, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer tell.Close()
	pid, err := start(path, address, socket, tell)
	if err != nil {
		_ = ready.Close()
		return nil, err
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		_ = ready.Close()
		return nil, err
	}
	return await(process, ready), nil
}

// start does not use package os: os.File.Fd would make the socket block, in this process too.
func start(path, address string, socket syscall.Conn, tell *os.File) (pid int, err error) {
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0, err
	}
	pipe, err := tell.SyscallConn()
	if err != nil {
		return 0, err
	}
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "LISTEN_") || strings.HasPrefix(v, readyFD) })
	env = append(env, "LISTEN_FDS=1", "LISTEN_FDNAMES="+url.QueryEscape(address), readyFD+"=4")
	var failed error
	err = raw.Control(func(listening uintptr) {
		failed = pipe.Control(func(w uintptr) {
			pid, _, err = syscall.StartProcess(path, os.Args, &syscall.ProcAttr{Env: env, Files: []uintptr{0, 1, 2, listening, w}})
		})
		if failed == nil {
			failed = err
		}
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return 0, fmt.Errorf("starting %s: %w", path, err)
	}
	return pid, nil
}

// terminate asks a process to end.
func terminate(p *os.Process) { _ = p.Signal(syscall.SIGTERM) }
