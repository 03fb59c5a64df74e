package uring

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

// Buffers of one ring: a megabyte. A message that is short takes a whole buffer until its completion has been handled, so
// this is also how many connections can send one in the same turn; a stream takes one for every 4 KiB.
const (
	bufferCount = 256 // a power of two
	bufferSize  = 4 << 10

	bufferGroup = 1
)

// buffers are the memory that the kernel receives into. The ring of those that are free and the bytes are mapped: the ring
// must begin with a page.
type buffers struct {
	mapped []byte
	ring   *[bufferCount]buf
	bytes  []byte
	tail   uint16
}

func (b *buffers) open(ring int) error {
	const head = bufferCount * int(unsafe.Sizeof(buf{}))
	mapped, err := syscall.Mmap(-1, 0, head+bufferCount*bufferSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	b.mapped, b.ring, b.bytes = mapped, (*[bufferCount]buf)(unsafe.Pointer(&mapped[0])), mapped[head:]
	reg := bufReg{addr: uint64(uintptr(unsafe.Pointer(&mapped[0]))), entries: bufferCount, group: bufferGroup}
	if err := register(ring, registerBuffers, unsafe.Pointer(&reg), 1); err != nil {
		b.unmap()
		return err
	}
	for id := range uint16(bufferCount) {
		b.put(id)
	}
	b.publish()
	return nil
}

// put gives a buffer to the kernel, which sees it after publish.
func (b *buffers) put(id uint16) {
	slot := &b.ring[b.tail%bufferCount]
	slot.addr = uint64(uintptr(unsafe.Pointer(&b.bytes[int(id)*bufferSize])))
	slot.len, slot.id = bufferSize, id
	b.tail++
}

// publish tells the kernel the tail. Package atomic does not know 16 bits, so the number of the first buffer is written along,
// which stays as it is: the kernel reads it and never writes.
func (b *buffers) publish() {
	word := (*uint32)(unsafe.Pointer(&b.ring[0].id))
	halves := [2]uint16{b.ring[0].id, b.tail} // in the machine's own order
	atomic.StoreUint32(word, *(*uint32)(unsafe.Pointer(&halves)))
}

// at is the first n bytes of a buffer.
func (b *buffers) at(id uint16, n int) []byte {
	return b.bytes[int(id)*bufferSize:][:n:n]
}

// close takes the buffers back from the kernel. Nothing may be receiving any more.
func (b *buffers) close(ring int) {
	reg := bufReg{group: bufferGroup}
	_ = register(ring, unregisterBuffer, unsafe.Pointer(&reg), 1)
	b.unmap()
}

func (b *buffers) unmap() { _ = syscall.Munmap(b.mapped) }
