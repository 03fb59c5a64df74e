package datagram

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// plainCall is how a plain sender sends.
const plainCall = "sendmmsg"

// mmsghdr is struct mmsghdr of recvmmsg(2) and sendmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// call runs sendmmsg or recvmmsg, which do not wait.
func call(trap uintptr, fd int, h []mmsghdr) (int, error) {
	for {
		n, _, e := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(&h[0])), uintptr(len(h)), unix.MSG_DONTWAIT, 0, 0)
		switch e {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, e
		}
	}
}

// grow asks for a receive buffer, past the system's bound if this process may, and returns what it has got.
func grow(raw syscall.RawConn, bytes int) (got int, err error) {
	controlled := raw.Control(func(fd uintptr) {
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bytes) != nil {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, bytes)
		}
		if err == nil {
			got, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
		}
	})
	if err == nil {
		err = controlled
	}
	return got / 2, os.NewSyscallError("setsockopt", err) // the kernel doubles it (socket(7))
}

// Of include/uapi/linux/sock_diag.h: what SO_MEMINFO gives.
const (
	memInfoWords = 9
	memInfoDrops = 8
)

// dropped reads how many datagrams a socket has dropped because it was full, or because they were damaged.
func dropped(raw syscall.RawConn) (n int64, ok bool) {
	raw.Control(func(fd uintptr) {
		var words [memInfoWords]uint32
		size := uint32(unsafe.Sizeof(words))
		_, _, e := unix.RawSyscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&words)), uintptr(unsafe.Pointer(&size)), 0)
		n, ok = int64(words[memInfoDrops]), e == 0
	})
	return n, ok
}
