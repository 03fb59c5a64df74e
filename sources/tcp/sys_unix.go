//go:build unix && !linux

package tcp

import (
	"net"
	"syscall"
	"time"
)

func sysRead(fd int, b []byte) (int, error) {
	n, err := syscall.Read(fd, b)
	return max(n, 0), err
}

func sysWrite(fd int, b []byte) (int, error) {
	n, err := syscall.Write(fd, b)
	return max(n, 0), err
}

// arrived allows one read more after a stop: portable code cannot ask how much has arrived.
func arrived(int) int { return readSize }

// backlog accepts for a moment longer: portable code cannot ask whether the backlog is empty.
func backlog(ln *net.TCPListener, serve func(*net.TCPConn)) {
	ln.SetDeadline(time.Now().Add(10 * time.Millisecond))
	for {
		nc, err := ln.AcceptTCP()
		if err != nil {
			return
		}
		serve(nc)
	}
}
