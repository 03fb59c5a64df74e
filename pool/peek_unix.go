//go:build unix

package pool

import "golang.org/x/sys/unix"

// peek looks at what has arrived on a socket.
func peek(fd uintptr) finding {
	var b [1]byte
	for {
		n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return nothing
		case n > 0:
			return someBytes
		}
		return anEnd
	}
}
