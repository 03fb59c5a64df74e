package udp

import (
	"os"

	"golang.org/x/sys/unix"
)

// Sockets opens one for each lane, for what packets answer. They own the address, as those of other engines do: nobody else gets
// it, and no peer is told that nobody listens. But they receive nothing. All of them are on one interface.
func (o *Opening) Sockets(iface string) error {
	s := o.source
	s.beforeBind = func(fd int) error {
		if err := unix.BindToDevice(fd, iface); err != nil {
			return os.NewSyscallError("setsockopt SO_BINDTODEVICE "+iface, err)
		}
		return refuseAll(fd)
	}
	if err := s.openSockets(); err != nil {
		return err
	}
	for _, k := range s.sockets {
		if err := k.detach(); err != nil {
			return err
		}
	}
	return nil
}

// refuseAll has the socket accept no packet.
func refuseAll(fd int) error {
	nothing := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(nothing)), Filter: &nothing[0]})
	return os.NewSyscallError("setsockopt SO_ATTACH_FILTER", err)
}

// Control runs f with the descriptor of a socket, to ask the system something in whose network it is.
func (o *Opening) Control(f func(fd int)) { o.source.sockets[0].control(f) }
