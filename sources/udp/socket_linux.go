package udp

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/internal/sockopt"
	"github.com/leat-io/leat/pipeline"
)

// early sets what must stand before a socket is bound.
func (s *Source) early(fd uintptr) error {
	if s.engine.lanes(s) > 1 {
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
			return os.NewSyscallError("setsockopt SO_REUSEPORT", err)
		}
	}
	if len(s.groups) > 0 { // several processes of a machine may listen to one group
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return os.NewSyscallError("setsockopt SO_REUSEADDR", err)
		}
	}
	return nil
}

// kernelPart is what Linux keeps of a socket.
type kernelPart struct {
	fd      int              // of a socket that has been taken from package net
	v6      bool             // of IPv6, or of both families
	sealed  bool             // guarded by the source's mu: nothing arrives any more
	dropped uint64           // guarded by the source's mu
	last    uint32           // guarded by the source's mu: of the kernel's counter, which has 32 bits
	got     []pipeline.Gauge // what the kernel made of the sizes of buffers
}

// prepare sets the options of a socket that is bound.
func (k *socket) prepare() (err error) {
	s := k.source
	k.control(func(fd int) {
		domain, e := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
		if err = e; err != nil {
			return
		}
		k.kernel.v6 = domain == unix.AF_INET6
		buffers := []sockopt.Option{sockopt.LargeReceiveBuffer(s.receive)}
		if s.send > 0 {
			buffers = append(buffers, sockopt.LargeSendBuffer(s.send))
		}
		for _, o := range buffers {
			if err = o.Set(fd); err != nil {
				return
			}
			if v, e := o.Get(fd); e == nil {
				k.kernel.got = append(k.kernel.got, pipeline.Gauge{Name: o.Name, Value: v})
			}
		}
		if err = ask(fd, k.kernel.v6, s.extras); err != nil {
			return
		}
		for _, g := range s.groups {
			if err = join(fd, g); err != nil {
				return
			}
		}
	})
	return err
}

// detach takes the socket from package net, whose poller would be told of each packet. The caller is the only one who knows it.
func (k *socket) detach() (err error) {
	k.control(func(fd int) { k.kernel.fd, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0) })
	if err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	_ = k.conn.Close()
	k.conn = nil
	return nil
}

// control runs f with the descriptor, which stays open meanwhile.
func (k *socket) control(f func(fd int)) {
	if k.conn == nil {
		k.mu.RLock()
		defer k.mu.RUnlock()
		if !k.closed {
			f(k.kernel.fd)
		}
		return
	}
	if raw, err := k.conn.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { f(int(fd)) })
	}
}

// join joins a group of multicast.
func join(fd int, g group) error {
	index := 0
	if g.iface != "" {
		i, err := net.InterfaceByName(g.iface)
		if err != nil {
			return fmt.Errorf("the group %v: the interface %s: %w", g.addr, g.iface, err)
		}
		index = i.Index
	}
	var err error
	if g.addr.Is4() {
		err = unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, &unix.IPMreqn{Multiaddr: g.addr.As4(), Ifindex: int32(index)})
	} else {
		err = unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, &unix.IPv6Mreq{Multiaddr: g.addr.As16(), Interface: uint32(index)})
	}
	if err != nil {
		return fmt.Errorf("the group %v cannot be joined on %q: %w", g.addr, g.iface, err)
	}
	return nil
}

// seal lets nothing more arrive: what is in the socket then is all that had arrived when the source stopped. It is a filter
// that accepts no packet.
func (k *socket) seal() (ok bool) {
	k.source.mu.Lock()
	defer k.source.mu.Unlock()
	k.control(func(fd int) {
		k.drops(fd)
		k.kernel.sealed = true // the kernel counts what the filter refuses as dropped too
		ok = refuseAll(fd) == nil
	})
	return ok
}

// drops is how many datagrams the kernel has dropped because the buffer of the socket was full, or the memory of all sockets.
// It is the counter that SO_RXQ_OVFL attaches to datagrams, asked for when somebody wants to know. The source's mu is held.
func (k *socket) drops(fd int) uint64 {
	if k.kernel.sealed {
		return k.kernel.dropped
	}
	if info, ok := memory(fd); ok {
		now := info[unix.SK_MEMINFO_DROPS]
		k.kernel.dropped += uint64(now - k.kernel.last)
		k.kernel.last = now
	}
	return k.kernel.dropped
}

// readable says whether there is a datagram in the socket.
func (k *socket) readable() (yes, known bool) {
	k.control(func(fd int) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		yes, known = n > 0, err == nil
	})
	return yes, known
}

// leastSize is less than what the kernel counts for any datagram.
const leastSize = 256

// mostWaiting is how many datagrams wait in the socket, at most.
func (k *socket) mostWaiting() (n int) {
	k.control(func(fd int) {
		if info, ok := memory(fd); ok {
			n = int(info[unix.SK_MEMINFO_RMEM_ALLOC])/leastSize + 1
		}
	})
	return n
}

// memory asks what a socket holds and has dropped (SO_MEMINFO).
func memory(fd int) (info [unix.SK_MEMINFO_VARS]uint32, ok bool) {
	size := uint32(unsafe.Sizeof(info))
	_, _, e := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO, uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	return info, e == 0
}

// socketGauges are what the kernel says of the sockets.
func (s *Source) socketGauges() (g []pipeline.Gauge) {
	if !s.bound {
		return nil
	}
	var dropped uint64
	each := ""
	for i, k := range s.sockets {
		k.control(func(fd int) { k.drops(fd) }) // what it was at the end when the socket is closed
		dropped += k.kernel.dropped
		each += fmt.Sprintf(" %d", k.kernel.dropped)
		if i == 0 {
			g = append(g, k.kernel.got...)
		}
	}
	value := fmt.Sprint(dropped)
	if len(s.sockets) > 1 && dropped > 0 {
		value += ", by lane" + each
	}
	return append(g, pipeline.Gauge{Name: "dropped by the kernel", Value: value})
}

// reachable says whether a socket can send to an address.
func (k *socket) reachable(a netip.Addr) bool { return k.kernel.v6 || a.Is4() }

// lastLook reads the count of drops before the socket is closed. The source's mu is held.
func (k *socket) lastLook() {
	k.control(func(fd int) { k.drops(fd) })
}

// release closes the descriptor of a socket that has been taken from package net.
func (k *socket) release() { _ = unix.Close(k.kernel.fd) }
