package datagram

import (
	"encoding/binary"
	"math/bits"
)

// HeaderSize is the least size of a datagram, in bytes.
const HeaderSize = 48

// magic begins every datagram of this format; its last byte is the version.
const magic = uint32('l') | 'e'<<8 | 'a'<<16 | '1'<<24

// A kind says what a datagram is for.
type kind uint8

const (
	counted kind = iota
	warming      // of the warm-up: not counted
	ending       // the last of its flow: seq is how many were sent, due how many flows there are
)

// A header is what the front of a datagram says. Times are nanoseconds of the machine's monotonic clock.
type header struct {
	run       uint32
	host      uint32 // of the clock; 0 for one that no other process shares
	seq       uint64
	due, sent int64
	flow      uint16
	kind      kind
	sender    uint8 // index in Senders
}

// put writes the datagram of h into b: all of its bytes follow from h.
func (h *header) put(b []byte) {
	le := binary.LittleEndian
	le.PutUint32(b, magic)
	le.PutUint32(b[4:], h.run)
	le.PutUint64(b[16:], h.seq)
	le.PutUint64(b[24:], uint64(h.due))
	le.PutUint64(b[32:], uint64(h.sent))
	le.PutUint32(b[40:], h.host)
	le.PutUint16(b[44:], h.flow)
	b[46], b[47] = byte(h.kind), h.sender
	w := checksum(b)
	le.PutUint64(b[8:], w)
	b = b[HeaderSize:]
	for ; len(b) >= 8; b = b[8:] {
		w = following(w)
		le.PutUint64(b, w)
	}
	w = following(w)
	for i := range b {
		b[i] = byte(w >> (8 * i))
	}
}

// A verdict on bytes that came.
type verdict uint8

const (
	whole verdict = iota
	foreign
	corrupt
)

// read reads the header of b and compares all bytes with what they must be.
func (h *header) read(b []byte) verdict {
	le := binary.LittleEndian
	if len(b) < HeaderSize || le.Uint32(b) != magic {
		return foreign
	}
	h.run, h.seq, h.due, h.sent = le.Uint32(b[4:]), le.Uint64(b[16:]), int64(le.Uint64(b[24:])), int64(le.Uint64(b[32:]))
	h.host, h.flow, h.kind, h.sender = le.Uint32(b[40:]), le.Uint16(b[44:]), kind(b[46]), b[47]
	w := le.Uint64(b[8:])
	if w != checksum(b) || h.kind > ending || int(h.sender) >= len(Senders) || h.seq > maxSeq {
		return corrupt
	}
	b = b[HeaderSize:]
	for ; len(b) >= 8; b = b[8:] {
		if w = following(w); le.Uint64(b) != w {
			return corrupt
		}
	}
	w = following(w)
	for i := range b {
		if b[i] != byte(w>>(8*i)) {
			return corrupt
		}
	}
	return whole
}

// maxSeq bounds what is believed of a number.
const maxSeq = 1 << 53

// checksum mixes the length of b and all words of its header but the checksum, with the finalizer of MurmurHash3 between them.
func checksum(b []byte) uint64 {
	le := binary.LittleEndian
	w := mix(le.Uint64(b) ^ uint64(len(b)))
	for i := 16; i < HeaderSize; i += 8 {
		w = mix(bits.RotateLeft64(w, 29) ^ le.Uint64(b[i:]))
	}
	return w
}

func mix(w uint64) uint64 {
	w ^= w >> 33
	w *= 0xff51afd7ed558ccd
	w ^= w >> 33
	w *= 0xc4ceb9fe1a85ec53
	return w ^ w>>33
}

// following is the next word of a payload: a step of Knuth's MMIX generator.
func following(w uint64) uint64 { return w*6364136223846793005 + 1442695040888963407 }
