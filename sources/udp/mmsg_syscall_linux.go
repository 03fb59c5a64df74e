package udp

import (
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// recvmmsg receives without waiting, in a system call that the runtime is not told of, because it never blocks.
func recvmmsg(fd int, to []unix.Mmsghdr) (n int, e syscall.Errno) {
	r, _, e := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&to[0])), uintptr(len(to)), unix.MSG_DONTWAIT, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(r), 0
}

// sendmmsg sends without waiting, likewise. An error is that of the first message.
func sendmmsg(fd int, b []unix.Mmsghdr) (n int, e syscall.Errno) {
	r, _, e := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(r), 0
}

// addressOf reads an address as the kernel writes it.
func addressOf(n *unix.RawSockaddrInet6) netip.AddrPort {
	switch n.Family {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(n))
		return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), ntohs(&in.Port))
	case unix.AF_INET6:
		ip := netip.AddrFrom16(n.Addr).Unmap()
		if n.Scope_id != 0 {
			ip = ip.WithZone(zones.name(n.Scope_id))
		}
		return netip.AddrPortFrom(ip, ntohs(&n.Port))
	}
	return netip.AddrPort{}
}

// setAddress writes an address for the kernel, for a socket of IPv6 or of both families if v6 is true. It returns how long it is.
func setAddress(n *unix.RawSockaddrInet6, a netip.AddrPort, v6 bool) (size uint32) {
	if !v6 {
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(n))
		in.Family, in.Addr = unix.AF_INET, a.Addr().As4()
		htons(&in.Port, a.Port())
		return unix.SizeofSockaddrInet4
	}
	n.Family, n.Addr, n.Flowinfo, n.Scope_id = unix.AF_INET6, a.Addr().As16(), 0, 0
	htons(&n.Port, a.Port())
	if zone := a.Addr().Zone(); zone != "" {
		n.Scope_id = zones.index(zone)
	}
	return unix.SizeofSockaddrInet6
}

func ntohs(p *uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(p))
	return uint16(b[0])<<8 | uint16(b[1])
}

func htons(p *uint16, v uint16) { *(*[2]byte)(unsafe.Pointer(p)) = [2]byte{byte(v >> 8), byte(v)} }
