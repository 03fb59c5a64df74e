package pool

import (
	"sync/atomic"
	"unsafe"
)

// A shard is a stack of idle connections: a list through the slots of the backend's table, of which the head is one word
// (Treiber, "Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986). Its high half counts those that were ever
// taken, which tells a head from the same one of earlier; then come how many there are and the slot and one of the first.
type shard struct {
	head atomic.Uint64
	met  atomic.Uint64 // how often two goroutines changed it at the same time
	_    [112]byte     // its cache line, and the one that is fetched with it
}

const (
	onePop   = 1 << 32
	oneIdle  = 1 << 16
	slotBits = oneIdle - 1 // those of a slot and one
)

// pops is how many were ever taken, modulo 2³².
func pops(head uint64) uint32 { return uint32(head >> 32) }

func idleOf(head uint64) int { return int(head / oneIdle % oneIdle) }

// push makes the connection of a slot the first, unless there are most already.
func (s *shard) push(slot uint16, next []atomic.Uint32, most int) bool {
	for {
		h := s.head.Load()
		if idleOf(h) >= most {
			return false
		}
		if below := uint32(h & slotBits); next[slot].Load() != below {
			next[slot].Store(below)
		}
		if s.head.CompareAndSwap(h, (h+oneIdle)&^slotBits|uint64(slot)+1) {
			return true
		}
		s.met.Add(1)
	}
}

// pop takes the first, or returns nil.
func (s *shard) pop(table []atomic.Pointer[Conn], next []atomic.Uint32) *Conn {
	for {
		h := s.head.Load()
		i := h & slotBits
		if i == 0 {
			return nil
		}
		c, below := table[i-1].Load(), next[i-1].Load() // which are these for as long as the head is the same
		if s.head.CompareAndSwap(h, (h+onePop-oneIdle)&^slotBits|uint64(below)) {
			return c
		}
		s.met.Add(1)
	}
}

// here is a number that is mostly the same for one goroutine and another for the next: where its stack lies, multiplied by
// an odd number.
func here(odd uintptr) uintptr {
	var b byte
	return uintptr(unsafe.Pointer(&b)) >> 11 * odd >> 16 // a stack has 2 KiB or more
}
