//go:build unix && !(linux && (amd64 || arm64))

package tcp

import (
	"net/netip"
	"syscall"
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

// sysAccept takes a connection, and says from which address it comes if its peer has one.
func sysAccept(fd int) (nfd int, from netip.Addr, err error) {
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
		from = netip.AddrFrom4(a.Addr)
	case *syscall.SockaddrInet6:
		from = netip.AddrFrom16(a.Addr)
	}
	return nfd, from, nil
}
