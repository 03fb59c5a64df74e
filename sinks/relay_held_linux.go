package sinks

import "math/bits"

// What is held of one direction is what was read and the receiver has not taken: bytes, or a pipe with some in it.
type held struct {
	bytes []byte // a part of whole
	whole []byte
	pipe  *pipe
}

// The sizes of buffers are powers of two, from that of the least to that of one read.
const (
	leastHeld = 10 // 1 KiB
	mostHeld  = 16 // 64 KiB
)

// spareHeld is how many buffers of a size are kept for the next time.
const spareHeld = 16

// heldBytes are the buffers of a relay for what is held. They are few where peers take what they are sent.
type heldBytes struct {
	out    int // bytes of those in use
	spare  [mostHeld - leastHeld + 1][][]byte
	places []*held
}

// keep copies b.
func (h *heldBytes) keep(b []byte) *held {
	p := h.sized(len(b))
	p.bytes = p.whole[:copy(p.whole, b)]
	return p
}

// sized returns one with room for n bytes.
func (h *heldBytes) sized(n int) *held {
	p := h.place()
	class := max(bits.Len(uint(n-1)), leastHeld)
	h.out += 1 << class
	if i := class - leastHeld; class <= mostHeld && len(h.spare[i]) > 0 {
		n := len(h.spare[i]) - 1
		p.whole = h.spare[i][n]
		h.spare[i] = h.spare[i][:n]
	} else {
		p.whole = make([]byte, 1<<class)
	}
	return p
}

// append adds b to what p holds, in another one where there is no room.
func (h *heldBytes) append(p *held, b []byte) *held {
	n := len(p.bytes)
	switch {
	case len(b) <= cap(p.bytes)-n:
		p.bytes = append(p.bytes, b...)
		return p
	case n+len(b) <= len(p.whole)/2: // most of it is free again
		copy(p.whole, p.bytes)
	default:
		q := h.sized(n + len(b))
		copy(q.whole, p.bytes)
		h.drop(p)
		p = q
	}
	p.bytes = append(p.whole[:n], b...)
	return p
}

// place returns one that holds nothing.
func (h *heldBytes) place() *held {
	if n := len(h.places); n > 0 {
		p := h.places[n-1]
		h.places = h.places[:n-1]
		return p
	}
	return new(held)
}

// drop takes p back, whose pipe is somebody else's by now.
func (h *heldBytes) drop(p *held) {
	if p.whole != nil {
		h.out -= len(p.whole)
		if i := bits.Len(uint(len(p.whole)-1)) - leastHeld; i <= mostHeld-leastHeld && len(h.spare[i]) < spareHeld {
			h.spare[i] = append(h.spare[i], p.whole)
		}
	}
	*p = held{}
	if len(h.places) < spareHeld {
		h.places = append(h.places, p)
	}
}
