package datagram

import (
	"encoding/binary"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A mmsgSender sends each datagram by itself, all of a burst in one call.
type mmsgSender struct {
	s    *sockets
	hdrs []mmsghdr
	iovs []unix.Iovec
	n    int // of the headers, for the call
	sent int
	err  error
	try  func(fd uintptr) bool // made once because it escapes
}

// newSockets makes what sends over sockets.
func newSockets(s *sockets, cfg Config) (transport, error) {
	if cfg.Sender == GSO {
		return newTrains(s, cfg)
	}
	m := &mmsgSender{s: s, hdrs: make([]mmsghdr, cfg.Batch), iovs: make([]unix.Iovec, cfg.Batch)}
	for i := range m.hdrs {
		m.hdrs[i].hdr.Iov = &m.iovs[i]
		m.hdrs[i].hdr.SetIovlen(1)
	}
	m.try = func(fd uintptr) bool {
		m.sent, m.err = call(unix.SYS_SENDMMSG, int(fd), m.hdrs[:m.n])
		return m.err != unix.EAGAIN
	}
	return m, nil
}

func (m *mmsgSender) send(flow int, b []byte, size int) (int, error) {
	m.n = len(b) / size
	for i := range m.n {
		m.iovs[i].Base = &b[i*size]
		m.iovs[i].SetLen(size)
	}
	m.sent = 0
	if err := m.s.raws[flow].Write(m.try); err != nil {
		return 0, err
	}
	return m.sent, os.NewSyscallError("sendmmsg", m.err)
}

func (m *mmsgSender) close() { m.s.close() }

// trains sends many datagrams as one large one that the kernel divides, as late as it can: at the device, or at the socket that
// receives (UDP_SEGMENT, udp(7)).
type trains struct {
	s       *sockets
	most    int // datagrams of one train
	b       []byte
	control []byte
	err     error
	try     func(fd uintptr) bool
}

func newTrains(s *sockets, cfg Config) (*trains, error) {
	t := &trains{s: s, most: min(cfg.Batch, maxPayload/cfg.Message), control: make([]byte, unix.CmsgSpace(2))}
	h := (*unix.Cmsghdr)(unsafe.Pointer(&t.control[0]))
	h.Level, h.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	binary.NativeEndian.PutUint16(t.control[unix.CmsgLen(0):], uint16(cfg.Message))
	t.try = func(fd uintptr) bool {
		_, t.err = unix.SendmsgN(int(fd), t.b, t.control, nil, unix.MSG_DONTWAIT)
		return t.err != unix.EAGAIN
	}
	return t, t.check()
}

// check asks whether the kernel has the option at all.
func (t *trains) check() (err error) {
	t.s.raws[0].Control(func(fd uintptr) { _, err = unix.GetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT) })
	if err != nil {
		return fmt.Errorf("load: this system has no UDP_SEGMENT for the sender gso: %w", err)
	}
	return nil
}

func (t *trains) send(flow int, b []byte, size int) (int, error) {
	n := min(len(b)/size, t.most)
	t.b = b[:n*size]
	if err := t.s.raws[flow].Write(t.try); err != nil {
		return 0, err
	}
	if t.err != nil {
		return 0, os.NewSyscallError("sendmsg with UDP_SEGMENT", t.err)
	}
	return n, nil
}

func (t *trains) close() { t.s.close() }
