package veth

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// NewTUN makes two hosts as New does, but with TUN interfaces (Linux's Documentation/networking/tuntap.rst) that nothing joins yet:
// [Link.Carry] does, between their wires. Packets have 1500 bytes, but those of TCP pass uncut and with their checksums unfinished,
// up to 64 KiB at once, as between a host and an interface that segments.
func NewTUN() (near, far *Host, err error) {
	return hosts(func(near, far *Host) error {
		if err := errors.Join(near.openTUN(), far.openTUN()); err != nil {
			return err
		}
		return errors.Join(near.join(), far.join())
	})
}

// The header that stands before each packet on a wire says what is to be cut and which checksum is missing (struct virtio_net_hdr of
// include/uapi/linux/virtio_net.h).
const vnetHeader = 10

// queued is how many packets an interface holds until they are read from its wire. It loses what comes on top of them.
const queued = 10_000

// openTUN makes the host's interface.
func (h *Host) openTUN() (err error) {
	h.Do(func() { h.Wire, err = openTUN(h.Iface) })
	if err == nil {
		_, err = h.Run(fmt.Sprintf("ip link set %s txqueuelen %d", h.Iface, queued))
	}
	return err
}

func openTUN(name string) (wire *os.File, err error) {
	const path = "/dev/net/tun"
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	wire = os.NewFile(uintptr(fd), path)
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s, interface %s: %w", path, name, errors.Join(err, wire.Close()))
			wire = nil
		}
	}()
	r, err := unix.NewIfreq(name)
	if err != nil {
		return wire, err
	}
	r.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, r); err != nil {
		return wire, err
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TUNSETVNETHDRSZ, vnetHeader); err != nil {
		return wire, err
	}
	return wire, unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, unix.TUN_F_CSUM|unix.TUN_F_TSO4|unix.TUN_F_TSO6|unix.TUN_F_TSO_ECN)
}

// Lost is how many packets the host's interface has received or was to send, and has dropped or found wrong.
func (h *Host) Lost() (n uint64, err error) {
	var b []byte
	h.Do(func() { b, err = os.ReadFile("/proc/thread-self/net/dev") })
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		rest, ours := strings.CutPrefix(strings.TrimSpace(line), h.Iface+":")
		if !ours {
			continue
		}
		var c [12]uint64 // bytes, packets, errs, drop, fifo, frame, compressed, multicast; and of what is sent: bytes, packets, errs, drop
		for i, word := range strings.Fields(rest)[:len(c)] {
			if _, err := fmt.Sscan(word, &c[i]); err != nil {
				return 0, err
			}
		}
		return c[2] + c[3] + c[10] + c[11], nil
	}
	return 0, fmt.Errorf("the host has no interface %s", h.Iface)
}
