package packetring

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Sender sends frames out of an interface. It belongs to one goroutine.
type Sender struct {
	fd     int
	size   int
	memory []byte
	iovecs []unix.Iovec
	queue  []mmsghdr
	queued int
}

// mmsghdr is struct mmsghdr: a message, and how much of it was sent.
type mmsghdr struct {
	unix.Msghdr
	sent uint32
	_    [unsafe.Sizeof(uintptr(0)) - 4]byte // to the alignment of the message
}

// NewSender makes a sender for frames of up to size bytes that takes batch of them at a time. Frames go past queueing
// disciplines (PACKET_QDISC_BYPASS): what the driver has no room for is refused, and not queued.
func NewSender(iface, size, batch int) (s *Sender, err error) {
	s = &Sender{size: size}
	if s.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, fmt.Errorf("a packet socket: %w", err)
	}
	err = unix.SetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1)
	if err == nil {
		err = unix.Bind(s.fd, &unix.SockaddrLinklayer{Ifindex: iface}) // protocol 0 receives nothing
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("a packet socket on interface %d: %w", iface, err), unix.Close(s.fd))
	}
	s.memory, s.iovecs, s.queue = make([]byte, size*batch), make([]unix.Iovec, batch), make([]mmsghdr, batch)
	for i := range s.queue {
		s.iovecs[i].Base = &s.memory[i*size]
		s.queue[i].Iov = &s.iovecs[i]
		s.queue[i].SetIovlen(1)
	}
	return s, nil
}

// Frame is where the next frame is to be written, or nil when the sender is full: then Flush.
func (s *Sender) Frame() []byte {
	if s.queued == len(s.queue) {
		return nil
	}
	return s.memory[s.queued*s.size:][:s.size]
}

// Queue says that a frame of n bytes stands in what Frame returned.
func (s *Sender) Queue(n int) {
	s.iovecs[s.queued].SetLen(n)
	s.queued++
}

// Flush sends what is queued and returns how many frames the driver has taken. The others are gone: it does not wait, and an
// interface that is down or has no room is not an error.
func (s *Sender) Flush() (sent int, err error) {
	for at := 0; at < s.queued; {
		n, _, e := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.queue[at])), uintptr(s.queued-at), 0, 0, 0)
		switch e {
		case 0:
			sent += int(n)
			at += int(n)
		case unix.EINTR:
		case unix.EAGAIN, unix.ENOBUFS, unix.ENETDOWN:
			at++ // the frame that the driver has refused
		default:
			err = fmt.Errorf("sendmmsg: %w", e)
			at = s.queued
		}
	}
	s.queued = 0
	return sent, err
}

// Close closes the socket.
func (s *Sender) Close() error { return unix.Close(s.fd) }
