package udp

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// PacketSize is what a queue copies.
const PacketSize = unsafe.Sizeof(Packet{})

// RefuseTrains makes the system refuse to send trains through a source: it must be able to leave checksums to the device.
func (s *Source) RefuseTrains() (err error) {
	for _, k := range s.sockets {
		k.control(func(fd int) { err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1) })
	}
	return err
}
