package load

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// replies reads the stream of replies of one connection and compares each with what is due. It works on whatever part of
// the stream a read returned and keeps no bytes, so a reply may be larger than the read buffer.
type replies struct {
	protocol Protocol
	size     int     // payload bytes of a right reply
	want     pattern // of the reply that is due
	seq      int64   // of the reply that is due

	head  [frameHeader]byte
	heads int    // bytes of head that have arrived
	off   int    // payload bytes that have arrived and were right
	skip  uint32 // bytes of a wrong reply still to be passed over
	seek  bool   // pass over everything up to the end of the line

	why string // the first wrong reply, for a person
}

type verdict uint8

const (
	incomplete verdict = iota
	right
	wrong
)

// discard passes over what is left of a reply that was found wrong.
func (r *replies) discard(b []byte) []byte {
	n := min(int64(r.skip), int64(len(b)))
	r.skip -= uint32(n)
	b = b[n:]
	if r.seek {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			return nil
		}
		r.seek = false
		b = b[i+1:]
	}
	return b
}

// next consumes from b as much as the current reply needs and judges it. A wrong reply is judged at its first wrong byte, not at
// its end: a length that is garbage must not hide behind a timeout. The framing then shows where the next reply begins, and
// discard must be called before next.
func (r *replies) next(b []byte) ([]byte, verdict) {
	if r.protocol == Frame && r.heads < frameHeader {
		n := copy(r.head[r.heads:], b)
		r.heads += n
		b = b[n:]
		if r.heads < frameHeader {
			return b, incomplete
		}
		if length := binary.BigEndian.Uint32(r.head[:]); int64(length) != int64(r.size) {
			r.skip = length
			return b, r.refuse(func() string { return fmt.Sprintf("a frame of %d bytes, want %d", length, r.size) })
		}
	}
	got := b[:min(len(b), r.size-r.off)]
	if !r.want.matches(got, r.off) {
		off := r.off
		if r.protocol == Line {
			r.seek = true
		} else {
			r.skip = uint32(r.size - off)
		}
		return b, r.refuse(func() string { return r.difference(got, off) })
	}
	r.off += len(got)
	b = b[len(got):]
	if r.off < r.size {
		return b, incomplete
	}
	if r.protocol == Line {
		if len(b) == 0 {
			return b, incomplete
		}
		if b[0] != '\n' {
			r.seek = true
			return b, r.refuse(func() string { return fmt.Sprintf("a line longer than %d bytes", r.size) })
		}
		b = b[1:]
	}
	r.advance()
	return b, right
}

func (r *replies) advance() {
	r.heads, r.off = 0, 0
	r.seq++
	r.want.next()
}

func (r *replies) refuse(why func() string) verdict {
	if r.why == "" {
		r.why = fmt.Sprintf("reply to request %d: %s", r.seq, why())
	}
	r.advance()
	return wrong
}

// difference shows the first wrong byte of got, which begins at off of the payload, with its surroundings on both sides.
func (r *replies) difference(got []byte, off int) string {
	const shown = 32
	at := 0
	for at < len(got) && got[at] == r.want[(off+at)%period] {
		at++
	}
	from := max(0, at-shown/2)
	return fmt.Sprintf("byte %d of %d is wrong: got %q, want %q (from byte %d)", off+at, r.size,
		got[from:min(len(got), from+shown)], r.want.part(off+from, shown, r.size), off+from)
}

// partial says how much of the current reply has arrived, for the report of a connection that ended in the middle of it.
func (r *replies) partial() int { return r.heads + r.off }
