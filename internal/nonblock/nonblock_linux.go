//go:build amd64 || arm64

package nonblock

import (
	"net/netip"
	"syscall"
	"unsafe"
)

// Read takes what has arrived on a socket, at most len(b) bytes. 0 and no error is the end of the stream.
func Read(fd int, b []byte) (int, error) {
	n, _, e := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		syscall.MSG_DONTWAIT, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

// Write gives a socket what its peer and the kernel have room for.
func Write(fd int, b []byte) (int, error) {
	n, _, e := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		syscall.MSG_NOSIGNAL|syscall.MSG_DONTWAIT, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

// Arrived is how many bytes wait to be read (FIONREAD, tcp(7)).
func Arrived(fd int) (n int, known bool) {
	var k int32
	if _, _, e := syscall.RawSyscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TIOCINQ, uintptr(unsafe.Pointer(&k))); e != 0 {
		return 0, true
	}
	return int(k), true
}

// Accept takes a connection, whose descriptor does not block, and says from which address it comes if its peer has one.
func Accept(fd int) (nfd int, from netip.AddrPort, err error) {
	var peer syscall.RawSockaddrInet6 // the largest that matters
	size := uint32(unsafe.Sizeof(peer))
	n, _, e := syscall.RawSyscall6(syscall.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(&peer)), uintptr(unsafe.Pointer(&size)),
		syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0, 0)
	if e != 0 {
		return -1, from, e
	}
	switch peer.Family {
	case syscall.AF_INET:
		from = netip.AddrPortFrom(netip.AddrFrom4((*syscall.RawSockaddrInet4)(unsafe.Pointer(&peer)).Addr), port(peer.Port))
	case syscall.AF_INET6:
		from = netip.AddrPortFrom(netip.AddrFrom16(peer.Addr).Unmap(), port(peer.Port))
	}
	return int(n), from, nil
}

// port turns a port into the order of this machine.
func port(p uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(&p))
	return uint16(b[0])<<8 | uint16(b[1])
}

// Close closes a socket that does not linger.
func Close(fd int) {
	_, _, _ = syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(fd), 0, 0)
}
