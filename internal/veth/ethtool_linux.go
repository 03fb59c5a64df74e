package veth

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Commands of include/uapi/linux/ethtool.h.
const (
	setTXChecksums = 0x17
	setChannels    = 0x3d
)

// FinishChecksums has the host's interface leave no checksum unfinished (ethtool -K tx off): frames then look as they do behind
// a cable. Without it the kernel skips what cannot have been damaged between two ends of one machine.
func (h *Host) FinishChecksums() error {
	value := struct{ command, data uint32 }{command: setTXChecksums}
	return h.ethtool(unsafe.Pointer(&value))
}

// SetQueues has the host's interface receive from n queues (ethtool -L rx).
func (h *Host) SetQueues(n uint32) error {
	value := struct {
		command                        uint32
		_                              [4]uint32 // the most of each
		receive, send, other, combined uint32
	}{command: setChannels, receive: n, send: 1}
	return h.ethtool(unsafe.Pointer(&value))
}

func (h *Host) ethtool(value unsafe.Pointer) (err error) {
	h.Do(func() {
		var fd int
		if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
			return
		}
		defer func() { _ = unix.Close(fd) }()
		var r struct {
			name [unix.IFNAMSIZ]byte
			data unsafe.Pointer
			_    [16]byte // struct ifreq is longer than what is used of it
		}
		copy(r.name[:], h.Iface)
		r.data = value
		if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&r))); e != 0 {
			err = fmt.Errorf("ethtool on interface %s: %w", h.Iface, e)
		}
	})
	return err
}
