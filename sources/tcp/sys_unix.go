//go:build unix && !(linux && (amd64 || arm64))

package tcp

import "syscall"

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

func sysAccept(fd int) (int, error) {
	syscall.ForkLock.RLock() // no child may inherit the descriptor before it is marked
	defer syscall.ForkLock.RUnlock()
	nfd, _, err := syscall.Accept(fd)
	if err != nil {
		return 0, err
	}
	syscall.CloseOnExec(nfd)
	if err := syscall.SetNonblock(nfd, true); err != nil {
		_ = syscall.Close(nfd)
		return 0, err
	}
	return nfd, nil
}

// sysOptions sets on the listener what its connections inherit: no delay of small writes, and keep-alive probes.
func sysOptions(fd int) error {
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		return err
	}
	return syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)
}
