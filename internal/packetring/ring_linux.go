package packetring

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Options are the settings of a ring.
type Options struct {
	Interface int               // index
	Filter    []unix.SockFilter // which frames come in
	BlockSize int               // bytes: a multiple of the page size that holds a frame of 64 KiB
	Blocks    int
	Retire    time.Duration // how long a block waits to be full, in whole milliseconds and at least one
	Divide    bool          // the frames are divided with other rings, by flow
	With      *Ring         // one of those, unless this is the first
}

// A Ring receives frames. It belongs to one goroutine, but for Stats and what is said to be for any.
type Ring struct {
	fd     int
	mapped []byte
	size   int // of a block
	blocks int
	at     int  // the block that the kernel fills next
	down   bool // the interface has gone down, and nothing has come since

	mu    sync.Mutex
	stats Stats // guarded by mu: the kernel forgets its own when they are read
}

// Stats are what the kernel has counted for a ring.
type Stats struct {
	Frames  uint64 // that passed the filter, also those that were dropped then
	Dropped uint64 // because all blocks were full
	Freezes uint64 // how many times that began
}

// vnetHeader is the size of struct virtio_net_hdr, which the kernel puts before each frame: it says what became of segmentation.
const vnetHeader = 10

// Open makes a ring and begins to receive.
func Open(o Options) (r *Ring, err error) {
	// The protocol 0 receives nothing, until bind: the filter must stand before the first frame comes.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("a packet socket: %w", err)
	}
	r = &Ring{fd: fd, size: o.BlockSize, blocks: o.Blocks}
	if err := r.prepare(o); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Ring) prepare(o Options) (err error) {
	set := func(level, name, value int, what string) {
		if err == nil {
			if err = unix.SetsockoptInt(r.fd, level, name, value); err != nil {
				err = fmt.Errorf("setsockopt %s: %w", what, err)
			}
		}
	}
	if err := r.Only(o.Filter); err != nil {
		return err
	}
	set(unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3, "PACKET_VERSION")
	set(unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING")
	set(unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1, "PACKET_VNET_HDR")
	if err != nil {
		return err
	}
	// The size and the number of frames say nothing in this version, but they must agree with those of blocks.
	const frame = 2048
	req := unix.TpacketReq3{
		Block_size: uint32(o.BlockSize), Block_nr: uint32(o.Blocks),
		Frame_size: frame, Frame_nr: uint32(o.BlockSize / frame * o.Blocks),
		Retire_blk_tov: uint32(max(o.Retire.Milliseconds(), 1)),
	}
	if err := unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return fmt.Errorf("a ring of %d blocks of %d bytes: %w", o.Blocks, o.BlockSize, err)
	}
	r.mapped, err = unix.Mmap(r.fd, 0, o.BlockSize*o.Blocks, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return fmt.Errorf("a ring of %d blocks of %d bytes: %w", o.Blocks, o.BlockSize, os.NewSyscallError("mmap", err))
	}
	// Only sockets of all protocols are given a frame before rules on the interface are asked about it.
	if err := unix.Bind(r.fd, &unix.SockaddrLinklayer{Protocol: network16(unix.ETH_P_ALL), Ifindex: o.Interface}); err != nil {
		return fmt.Errorf("a packet socket on interface %d: %w", o.Interface, err)
	}
	if o.Divide {
		return r.join(o.With)
	}
	return nil
}

// join divides the frames with another ring, or begins a group of rings that do. The kernel chooses a number for the group, so
// that no other process has it. The flag about outgoing frames is for the group what the option of that name is for one socket.
func (r *Ring) join(with *Ring) error {
	kind, group := unix.PACKET_FANOUT_HASH|unix.PACKET_FANOUT_FLAG_IGNORE_OUTGOING, 0
	if with == nil {
		kind |= unix.PACKET_FANOUT_FLAG_UNIQUEID
	} else {
		of, err := unix.GetsockoptInt(with.fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
		if err != nil {
			return os.NewSyscallError("getsockopt PACKET_FANOUT", err)
		}
		group = of & 0xffff
	}
	return os.NewSyscallError("setsockopt PACKET_FANOUT", unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_FANOUT, kind<<16|group))
}

// network16 is v in the order of the network.
func network16(v uint16) uint16 {
	b := [2]byte{byte(v >> 8), byte(v)}
	return *(*uint16)(unsafe.Pointer(&b))
}

// Only lets in what the filter picks, from now on. Any goroutine may call it. Rings that divide frames begin with a filter that
// picks none, and are given theirs when all are there: one that has not joined yet would see the frames of all.
func (r *Ring) Only(filter []unix.SockFilter) error {
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: unsafe.SliceData(filter)}
	if err := unix.SetsockoptSockFprog(r.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog); err != nil {
		return fmt.Errorf("setsockopt SO_ATTACH_FILTER: %w", err)
	}
	return nil
}

// FD is the descriptor, which is readable while there is a full block. After an error of the interface, such as that it has gone
// down, it is readable too until Err has been asked.
func (r *Ring) FD() int { return r.fd }

// ErrGone is the error of a ring whose interface has been removed: nothing will come any more.
var ErrGone = errors.New("the interface is gone")

// Err is the error that the socket has had since it was last asked for, or nil: [unix.ENETDOWN] when the interface has gone down,
// after which a ring goes on by itself when it comes up again, or [ErrGone].
func (r *Ring) Err() error {
	e, err := unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil || e == 0 && !r.down {
		return err
	}
	r.down = true // and it may be removed behind that, of which the socket is not told
	if a, err := unix.Getsockname(r.fd); err == nil {
		if a, ok := a.(*unix.SockaddrLinklayer); ok && a.Ifindex < 0 {
			return ErrGone
		}
	}
	if e == 0 {
		return nil
	}
	return unix.Errno(e)
}

// Offsets in struct tpacket_block_desc, of include/uapi/linux/if_packet.h.
const (
	blockStatus = 8
	blockFrames = 12
	blockFirst  = 16
)

func (r *Ring) block(i int) unsafe.Pointer { return unsafe.Pointer(&r.mapped[i*r.size]) }

func (r *Ring) status(i int) *uint32 { return (*uint32)(unsafe.Add(r.block(i), blockStatus)) }

// Next returns the next block if the kernel has handed it over. It stays the reader's until Release; there must be one for each
// Next, in the same order.
func (r *Ring) Next() (b Block, ok bool) {
	if atomic.LoadUint32(r.status(r.at))&unix.TP_STATUS_USER == 0 {
		return Block{}, false
	}
	r.down = false
	p := r.block(r.at)
	b = Block{
		ring: r, index: r.at,
		left: *(*uint32)(unsafe.Add(p, blockFrames)),
		next: *(*uint32)(unsafe.Add(p, blockFirst)),
	}
	if r.at++; r.at == r.blocks {
		r.at = 0
	}
	return b, true
}

// Stats adds what the kernel has counted since to what it had before. Any goroutine may call it.
func (r *Ring) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		r.stats.Frames += uint64(s.Packets)
		r.stats.Dropped += uint64(s.Drops)
		r.stats.Freezes += uint64(s.Freeze_q_cnt)
	}
	return r.stats
}

// Close gives the memory back. No block may be in use.
func (r *Ring) Close() error {
	r.Stats()
	r.mu.Lock()
	defer r.mu.Unlock()
	err := unix.Close(r.fd)
	r.fd = -1
	if r.mapped != nil {
		err = errors.Join(err, unix.Munmap(r.mapped))
		r.mapped = nil
	}
	return err
}
