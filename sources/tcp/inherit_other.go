//go:build !unix

package tcp

import (
	"fmt"
	"net"
	"runtime"
	"syscall"
)

// SyscallConn gives the listening socket to those who hand it to another process, which this system cannot do.
func (s *Source) SyscallConn() (syscall.RawConn, error) {
	return nil, fmt.Errorf("a socket cannot be handed to another process on %s", runtime.GOOS)
}

func (s *Source) takeOver() (listener, net.Addr, error) {
	return listener{}, nil, fmt.Errorf("a socket that listens already cannot be served on %s", runtime.GOOS)
}
