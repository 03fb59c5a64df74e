package xdp

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Options are the settings of a socket.
type Options struct {
	Interface int // index
	Queue     int // of the interface
	Chunks    int // a power of two: how many frames there is room for
	Chunk     int // bytes of one, a power of two from 2048 to the size of a page
}

// headroom is what the kernel leaves free before a frame in a chunk.
const headroom = unix.XDP_PACKET_HEADROOM

// ChunkFor is a size of chunks that frames of an interface fit into, or 0 when there is none. Its MTU does not count the header
// of Ethernet and tags.
func ChunkFor(mtu int) int {
	const header = 14 + 2*4
	for _, chunk := range []int{2048, 4096} {
		if mtu+header+headroom <= chunk && chunk <= os.Getpagesize() {
			return chunk
		}
	}
	return 0
}

// Stats are what the kernel has counted for a receiver.
type Stats struct {
	Dropped uint64 // because there was no chunk, or no room in the ring
	TooLong uint64 // for a chunk, or not to be understood otherwise
}

// A Receiver receives the frames that a program on the interface gives it. It belongs to one goroutine, but for Stats.
type Receiver struct {
	fd       int
	memory   memory
	filled   queue[unix.XDPDesc]
	fillable queue[uint64]
	taken    uint32 // of filled; behind what the kernel sees while a batch is in use
	given    uint32 // to fillable

	mu     sync.Mutex
	closed bool  // guarded by mu
	last   Stats // guarded by mu
}

// NewReceiver makes a receiver for one queue of an interface.
func NewReceiver(o Options) (r *Receiver, err error) {
	fd, err := unix.Socket(unix.AF_XDP, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("a socket of AF_XDP: %w", err)
	}
	r = &Receiver{fd: fd}
	if err := r.prepare(o); err != nil {
		return nil, errors.Join(fmt.Errorf("a socket of AF_XDP: %w", err), r.Close())
	}
	return r, nil
}

func (r *Receiver) prepare(o Options) error {
	if err := r.memory.open(r.fd, o.Chunks, o.Chunk); err != nil {
		return err
	}
	err := r.fillable.open(r.fd, unix.XDP_UMEM_FILL_RING, unix.XDP_UMEM_PGOFF_FILL_RING, o.Chunks, func(m *unix.XDPMmapOffsets) unix.XDPRingOffset { return m.Fr })
	if err != nil {
		return err
	}
	// A socket that only receives must have it all the same.
	if err := unix.SetsockoptInt(r.fd, unix.SOL_XDP, unix.XDP_UMEM_COMPLETION_RING, 2); err != nil {
		return os.NewSyscallError("setsockopt XDP_UMEM_COMPLETION_RING", err)
	}
	err = r.filled.open(r.fd, unix.XDP_RX_RING, unix.XDP_PGOFF_RX_RING, o.Chunks, func(m *unix.XDPMmapOffsets) unix.XDPRingOffset { return m.Rx })
	if err != nil {
		return err
	}
	for i := range o.Chunks {
		r.give(uint64(i * o.Chunk))
	}
	atomic.StoreUint32(r.fillable.produced, r.given)
	return bind(r.fd, o)
}

func (r *Receiver) give(chunk uint64) {
	*r.fillable.slot(r.given) = chunk
	r.given++
}

// FD is the descriptor, which is readable while there are frames, and which a program on the interface is given.
func (r *Receiver) FD() int { return r.fd }

// ZeroCopy says whether the device writes into the chunks itself.
func (r *Receiver) ZeroCopy() bool {
	v, err := unix.GetsockoptInt(r.fd, unix.SOL_XDP, unix.XDP_OPTIONS)
	return err == nil && v&unix.XDP_OPTIONS_ZEROCOPY != 0
}

// Next returns the frames that there are, up to most. They stay the reader's until Release.
func (r *Receiver) Next(most int) (b Batch, ok bool) {
	n := min(atomic.LoadUint32(r.filled.produced)-r.taken, uint32(most))
	return Batch{of: r, end: r.taken + n}, n > 0
}

// Nudge tells the driver that there are chunks to fill, when it has asked to be told.
func (r *Receiver) Nudge() {
	if r.fillable.wanted() {
		_, _, _ = unix.Syscall6(unix.SYS_RECVFROM, uintptr(r.fd), 0, 0, unix.MSG_DONTWAIT, 0, 0)
	}
}

// ErrGone is the error of a receiver whose interface has been removed: nothing will come any more.
var ErrGone = errors.New("the interface is gone")

// Err is [ErrGone] once, or nil.
func (r *Receiver) Err() error {
	e, err := unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if e == int(unix.ENETDOWN) {
		return ErrGone
	}
	return err
}

// A Batch is some frames that were taken together.
type Batch struct {
	of  *Receiver
	end uint32
}

// Frame returns the next frame, which stays valid until Release, or nil behind the last.
func (b *Batch) Frame() []byte {
	r := b.of
	if r.taken == b.end {
		return nil
	}
	d := r.filled.slot(r.taken)
	r.taken++
	r.give(d.Addr &^ uint64(r.memory.chunk-1))
	return r.memory.bytes[d.Addr:][:d.Len:d.Len]
}

// Release gives the chunks back to the kernel. All frames must have been taken.
func (b *Batch) Release() {
	r := b.of
	atomic.StoreUint32(r.filled.consumed, r.taken)
	atomic.StoreUint32(r.fillable.produced, r.given)
}

// Stats is what the kernel has counted. Any goroutine may call it.
func (r *Receiver) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return r.last
	}
	var s unix.XDPStatistics
	size := uint32(unsafe.Sizeof(s))
	if _, _, e := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(r.fd), unix.SOL_XDP, unix.XDP_STATISTICS, uintptr(unsafe.Pointer(&s)), uintptr(unsafe.Pointer(&size)), 0); e == 0 {
		r.last = Stats{Dropped: s.Rx_ring_full + s.Rx_fill_ring_empty_descs, TooLong: s.Rx_dropped}
	}
	return r.last
}

// Close closes the socket and gives the memory back. No batch may be in use.
func (r *Receiver) Close() error {
	r.Stats()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	return errors.Join(unix.Close(r.fd), r.filled.close(), r.fillable.close(), r.memory.close())
}
