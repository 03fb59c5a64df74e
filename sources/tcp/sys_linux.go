//go:build amd64 || arm64

package tcp

import (
	"net/netip"
	"syscall"
	"unsafe"
)

// The calls below never wait, so they skip what the runtime does around a system call that may: it is a seventh to a third
// of what such a call costs.

func sysRead(fd int, b []byte) (int, error) {
	n, _, e := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

func sysWrite(fd int, b []byte) (int, error) {
	n, _, e := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		syscall.MSG_NOSIGNAL|syscall.MSG_DONTWAIT, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

// arrived is how many bytes wait to be read (FIONREAD, tcp(7)).
func arrived(fd int) int {
	var n int32
	if _, _, e := syscall.RawSyscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TIOCINQ, uintptr(unsafe.Pointer(&n))); e != 0 {
		return 0
	}
	return int(n)
}

// sysAccept takes a connection, and says from which address it comes if its peer has one.
func sysAccept(fd int) (nfd int, from netip.Addr, err error) {
	var peer syscall.RawSockaddrInet6 // the largest that matters
	size := uint32(unsafe.Sizeof(peer))
	n, _, e := syscall.RawSyscall6(syscall.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(&peer)), uintptr(unsafe.Pointer(&size)),
		syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0, 0)
	if e != 0 {
		return -1, netip.Addr{}, e
	}
	switch peer.Family {
	case syscall.AF_INET:
		from = netip.AddrFrom4((*syscall.RawSockaddrInet4)(unsafe.Pointer(&peer)).Addr)
	case syscall.AF_INET6:
		from = netip.AddrFrom16(peer.Addr)
	}
	return int(n), from, nil
}
