package xdp

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A Sender sends frames out of an interface. It belongs to one goroutine.
type Sender struct {
	fd     int
	memory memory
	toSend queue[unix.XDPDesc]
	sent   queue[uint64]
	free   []uint64 // chunks
	queued uint32   // of toSend
	done   uint32   // of sent
}

// NewSender makes a sender for one queue of an interface.
func NewSender(o Options) (s *Sender, err error) {
	s = &Sender{}
	if s.fd, err = unix.Socket(unix.AF_XDP, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, fmt.Errorf("a socket of AF_XDP: %w", err)
	}
	if err := s.prepare(o); err != nil {
		return nil, errors.Join(fmt.Errorf("a socket of AF_XDP: %w", err), s.Close())
	}
	return s, nil
}

func (s *Sender) prepare(o Options) error {
	if err := s.memory.open(s.fd, o.Chunks, o.Chunk); err != nil {
		return err
	}
	// A socket that only sends must have it all the same.
	if err := unix.SetsockoptInt(s.fd, unix.SOL_XDP, unix.XDP_UMEM_FILL_RING, 2); err != nil {
		return os.NewSyscallError("setsockopt XDP_UMEM_FILL_RING", err)
	}
	err := s.sent.open(s.fd, unix.XDP_UMEM_COMPLETION_RING, unix.XDP_UMEM_PGOFF_COMPLETION_RING, o.Chunks, func(m *unix.XDPMmapOffsets) unix.XDPRingOffset { return m.Cr })
	if err != nil {
		return err
	}
	err = s.toSend.open(s.fd, unix.XDP_TX_RING, unix.XDP_PGOFF_TX_RING, o.Chunks, func(m *unix.XDPMmapOffsets) unix.XDPRingOffset { return m.Tx })
	if err != nil {
		return err
	}
	for i := range o.Chunks {
		s.free = append(s.free, uint64(i*o.Chunk))
	}
	return bind(s.fd, o)
}

// Frame is where the next frame is to be written, or nil when no chunk is free: then Flush. A chunk is taken until the device has
// sent the frame, or, on veth, until the receiver has let go of it.
func (s *Sender) Frame() []byte {
	if len(s.free) == 0 && s.reclaim() == 0 {
		return nil
	}
	return s.memory.bytes[s.free[len(s.free)-1]:][:s.memory.chunk]
}

// reclaim takes back the chunks of frames that were sent, and says how many those are.
func (s *Sender) reclaim() (n int) {
	for end := atomic.LoadUint32(s.sent.produced); s.done != end; s.done++ {
		s.free = append(s.free, *s.sent.slot(s.done))
		n++
	}
	atomic.StoreUint32(s.sent.consumed, s.done)
	return n
}

// Queue says that a frame of n bytes stands in what Frame returned.
func (s *Sender) Queue(n int) {
	last := len(s.free) - 1
	*s.toSend.slot(s.queued) = unix.XDPDesc{Addr: s.free[last], Len: uint32(n)}
	s.free = s.free[:last]
	s.queued++
}

// mostKicks is how often the kernel is asked to send what is queued before it is taken back. It sends 32 frames each time.
const mostKicks = 4096

// Flush sends what is queued and returns how many frames the driver has taken. The others are gone: an interface that is down or
// has no room is not an error.
func (s *Sender) Flush() (sent int, err error) {
	from := atomic.LoadUint32(s.toSend.consumed)
	atomic.StoreUint32(s.toSend.produced, s.queued)
	for range mostKicks {
		if atomic.LoadUint32(s.toSend.consumed) == s.queued || !s.toSend.wanted() {
			break
		}
		_, _, e := unix.Syscall6(unix.SYS_SENDTO, uintptr(s.fd), 0, 0, unix.MSG_DONTWAIT, 0, 0)
		if e == unix.ENETDOWN || e == unix.ENXIO {
			break
		}
		if e != 0 && e != unix.EAGAIN && e != unix.EBUSY && e != unix.ENOBUFS && e != unix.EINTR {
			err = os.NewSyscallError("sendto", e)
			break
		}
		if len(s.free) == 0 {
			s.reclaim()
		}
	}
	end := atomic.LoadUint32(s.toSend.consumed)
	if s.toSend.wanted() { // else the driver goes on by itself
		for ; s.queued != end; s.queued-- {
			s.free = append(s.free, s.toSend.slot(s.queued-1).Addr)
		}
		atomic.StoreUint32(s.toSend.produced, s.queued)
	}
	return int(end - from), err
}

// Close closes the socket and gives the memory back.
func (s *Sender) Close() error {
	return errors.Join(unix.Close(s.fd), s.toSend.close(), s.sent.close(), s.memory.close())
}
