//go:build unix && !(linux && (amd64 || arm64))

package nonblock

import (
	"net/netip"
	"syscall"
)

// Read takes what has arrived on a socket, at most len(b) bytes. 0 and no error is the end of the stream.
func Read(fd int, b []byte) (int, error) {
	n, err := syscall.Read(fd, b)
	return max(n, 0), err
}

// Write gives a socket what its peer and the kernel have room for.
func Write(fd int, b []byte) (int, error) {
	n, err := syscall.Write(fd, b)
	return max(n, 0), err
}

// Arrived would be how many bytes wait to be read, which portable code cannot ask.
func Arrived(int) (n int, known bool) { return 0, false }

// Accept takes a connection, whose descriptor does not block, and says from which address it comes if its peer has one.
func Accept(fd int) (nfd int, from netip.AddrPort, err error) {
	syscall.ForkLock.RLock() // no child may inherit the descriptor before it is marked
	defer syscall.ForkLock.RUnlock()
	nfd, peer, err := syscall.Accept(fd)
	if err != nil {
		return -1, from, err
	}
	syscall.CloseOnExec(nfd)
	if err := syscall.SetNonblock(nfd, true); err != nil {
		_ = syscall.Close(nfd)
		return -1, from, err
	}
	switch a := peer.(type) {
	case *syscall.SockaddrInet4:
		from = netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *syscall.SockaddrInet6:
		from = netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port))
	}
	return nfd, from, nil
}

// Close closes a socket.
func Close(fd int) { _ = syscall.Close(fd) }
