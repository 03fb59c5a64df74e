package xdp

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A queue is one of the rings that are shared with the kernel. One side produces, the other consumes; neither number is ever
// wrapped. Elements are numbers of chunks (uint64) or descriptors of frames.
type queue[T uint64 | unix.XDPDesc] struct {
	mapped   []byte
	produced *uint32
	consumed *uint32
	flags    *uint32
	slots    []T
	mask     uint32
}

// open asks for a ring of n elements, a power of two, and maps it. offsets picks its own from those of all rings.
func (q *queue[T]) open(fd, option int, page int64, n int, offsets func(*unix.XDPMmapOffsets) unix.XDPRingOffset) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_XDP, option, n); err != nil {
		return fmt.Errorf("a ring of %d elements: %w", n, err)
	}
	var all unix.XDPMmapOffsets
	size := uint32(unsafe.Sizeof(all))
	if _, _, e := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_XDP, unix.XDP_MMAP_OFFSETS, uintptr(unsafe.Pointer(&all)), uintptr(unsafe.Pointer(&size)), 0); e != 0 {
		return os.NewSyscallError("getsockopt XDP_MMAP_OFFSETS", e)
	}
	o := offsets(&all)
	var element T
	mapped, err := unix.Mmap(fd, page, int(o.Desc)+n*int(unsafe.Sizeof(element)), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return fmt.Errorf("a ring of %d elements: %w", n, os.NewSyscallError("mmap", err))
	}
	at := func(offset uint64) *uint32 { return (*uint32)(unsafe.Pointer(&mapped[offset])) }
	q.mapped, q.produced, q.consumed, q.flags = mapped, at(o.Producer), at(o.Consumer), at(o.Flags)
	q.slots, q.mask = unsafe.Slice((*T)(unsafe.Pointer(&mapped[o.Desc])), n), uint32(n-1)
	return nil
}

func (q *queue[T]) slot(i uint32) *T { return &q.slots[i&q.mask] }

// wanted says whether the kernel is to be called so that it looks at the ring.
func (q *queue[T]) wanted() bool { return atomic.LoadUint32(q.flags)&unix.XDP_RING_NEED_WAKEUP != 0 }

func (q *queue[T]) close() error {
	if q.mapped == nil {
		return nil
	}
	err := unix.Munmap(q.mapped)
	q.mapped, q.slots = nil, nil
	return err
}

// While bind(2) says that a queue is in use it is tried again for as long as the kernel may take to let go of the socket of one
// that has ended, which it does in the background.
const (
	releaseTries = 100
	releaseWait  = 10 * time.Millisecond
)

// bind binds a socket to a queue of an interface.
func bind(fd int, o Options) error {
	for try := 1; ; try++ {
		err := unix.Bind(fd, &unix.SockaddrXDP{Flags: unix.XDP_USE_NEED_WAKEUP, Ifindex: uint32(o.Interface), QueueID: uint32(o.Queue)})
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, unix.EBUSY) || try == releaseTries:
			return fmt.Errorf("queue %d of interface %d: %w", o.Queue, o.Interface, os.NewSyscallError("bind", err))
		}
		time.Sleep(releaseWait)
	}
}

// A memory is the chunks of one socket.
type memory struct {
	bytes []byte
	chunk int
}

// open maps n chunks and registers them.
func (m *memory) open(fd, n, chunk int) (err error) {
	m.bytes, err = unix.Mmap(-1, 0, n*chunk, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
	if err != nil {
		return fmt.Errorf("%d chunks of %d bytes: %w", n, chunk, os.NewSyscallError("mmap", err))
	}
	m.chunk = chunk
	// Without the last field, which came with Linux 6.8 and which older kernels would refuse.
	reg := unix.XDPUmemReg{Addr: uint64(uintptr(unsafe.Pointer(&m.bytes[0]))), Len: uint64(n * chunk), Size: uint32(chunk)}
	if _, _, e := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_XDP, unix.XDP_UMEM_REG, uintptr(unsafe.Pointer(&reg)), unsafe.Offsetof(reg.Tx_metadata_len), 0); e != 0 {
		return fmt.Errorf("%d chunks of %d bytes: %w", n, chunk, os.NewSyscallError("setsockopt XDP_UMEM_REG", e))
	}
	return nil
}

func (m *memory) close() error {
	if m.bytes == nil {
		return nil
	}
	err := unix.Munmap(m.bytes)
	m.bytes = nil
	return err
}
