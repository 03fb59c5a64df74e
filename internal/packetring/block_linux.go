package packetring

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Block is some frames that were handed over together.
type Block struct {
	ring  *Ring
	index int
	left  uint32 // frames that Frame has not returned
	next  uint32 // offset of the first of them
}

// A Frame is what an interface has received, as it lies in its block.
type Frame struct {
	Data     []byte
	Length   int   // bytes that it had; more than Data when it did not fit into a block
	Received int64 // nanoseconds of Unix time
	// Vouched says that somebody answers for the checksum of UDP, and that it is not to be verified: the interface has verified
	// it (TP_STATUS_CSUM_VALID), or the frame has been made on this machine and has not been through an interface that would have
	// computed it (TP_STATUS_CSUMNOTREADY), so what stands there is unfinished and nothing can have been damaged on the way.
	Vouched bool
	// Segment is 0, or the size of the datagrams of which this is a train: its payload is their payloads one after the other, the
	// last of which may be shorter.
	Segment int
}

// Values of gso_type in struct virtio_net_hdr.
const (
	gsoNone = 0
	gsoUDP  = 5 // VIRTIO_NET_HDR_GSO_UDP_L4
)

// Frames is how many Frame has still to return.
func (b *Block) Frames() int { return int(b.left) }

// Frame returns the next frame, which stays valid until Release.
func (b *Block) Frame(f *Frame) (ok bool) {
	if b.left == 0 {
		return false
	}
	b.left--
	p := unsafe.Add(b.ring.block(b.index), b.next)
	h := (*unix.Tpacket3Hdr)(p)
	b.next += h.Next_offset
	start := unsafe.Add(p, h.Mac)
	f.Data = unsafe.Slice((*byte)(start), h.Snaplen)
	f.Length = int(h.Len)
	f.Received = int64(h.Sec)*1e9 + int64(h.Nsec)
	f.Vouched = h.Status&(unix.TP_STATUS_CSUM_VALID|unix.TP_STATUS_CSUMNOTREADY) != 0
	f.Segment = 0
	if v := (*[vnetHeader]byte)(unsafe.Add(start, -vnetHeader)); v[1] != gsoNone {
		f.Segment = segment(v)
	}
	return true
}

// segment reads the header's gso_size, which is in the machine's order, as all of the header is without VIRTIO_F_VERSION_1.
func segment(v *[vnetHeader]byte) int {
	if v[1] != gsoUDP {
		return 0
	}
	return int(*(*uint16)(unsafe.Pointer(&v[4])))
}

// Release gives the block back to the kernel.
func (b *Block) Release() {
	atomic.StoreUint32(b.ring.status(b.index), unix.TP_STATUS_KERNEL)
}
