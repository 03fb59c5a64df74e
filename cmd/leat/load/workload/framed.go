package workload

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// framedReplies compares the replies of raw, frame and line with what is due.
type framedReplies struct {
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

// Discard implements Replies.
func (r *framedReplies) Discard(b []byte) []byte {
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

// Next implements Replies. It judges a wrong reply at its first wrong byte.
func (r *framedReplies) Next(b []byte) ([]byte, Verdict) {
	if r.protocol == Frame && r.heads < frameHeader {
		n := copy(r.head[r.heads:], b)
		r.heads += n
		b = b[n:]
		if r.heads < frameHeader {
			return b, Incomplete
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
		return b, r.refuse(func() string { return r.want.difference(got, off, r.size) })
	}
	r.off += len(got)
	b = b[len(got):]
	if r.off < r.size {
		return b, Incomplete
	}
	if r.protocol == Line {
		if len(b) == 0 {
			return b, Incomplete
		}
		if b[0] != '\n' {
			r.seek = true
			return b, r.refuse(func() string { return fmt.Sprintf("a line longer than %d bytes", r.size) })
		}
		b = b[1:]
	}
	r.advance()
	return b, Right
}

func (r *framedReplies) advance() {
	r.heads, r.off = 0, 0
	r.seq++
	r.want.next()
}

func (r *framedReplies) refuse(why func() string) Verdict {
	if r.why == "" {
		r.why = fmt.Sprintf("reply to request %d: %s", r.seq, why())
	}
	r.advance()
	return Wrong
}

// Refusal implements Replies: these protocols have no errors.
func (*framedReplies) Refusal() []byte { return nil }

// Why implements Replies.
func (r *framedReplies) Why() string { return r.why }

// Partial implements Replies.
func (r *framedReplies) Partial() int { return r.heads + r.off }

// Clean implements Replies.
func (r *framedReplies) Clean() bool { return r.Partial() == 0 && r.skip == 0 && !r.seek }

// Skip implements Replies.
func (r *framedReplies) Skip(n int64) {
	r.skip, r.seek = 0, false
	for range n {
		r.advance()
	}
}
