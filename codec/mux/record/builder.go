package record

import (
	"encoding/binary"
	"slices"
)

// A Builder appends one record, of less than 4 GiB. [Begin] makes it. It is a value, which the compiler keeps in registers: what
// [Builder.AddBytes] returns takes its place, as with append.
type Builder struct {
	buf  []byte
	from int
}

// Begin appends to b a fixed part of that many zero bytes.
func Begin(b []byte, fixed int) Builder {
	from, end := len(b), len(b)+fixed
	if cap(b) < end {
		b = slices.Grow(b, fixed)
	}
	b = b[:end]
	clear(b[from:])
	return Builder{b, from}
}

// record is the record so far. The setters look at its last byte that they need first, which spares them all other checks.
func (b Builder) record() []byte { return b.buf[b.from:] }

// SetUint8 writes the byte at off.
func (b Builder) SetUint8(off int, x uint8) { b.record()[off] = x }

// SetUint16 writes the two bytes at off.
func (b Builder) SetUint16(off int, x uint16) {
	r := b.record()
	_ = r[off+1]
	binary.LittleEndian.PutUint16(r[off:], x)
}

// SetUint32 writes the four bytes at off.
func (b Builder) SetUint32(off int, x uint32) {
	r := b.record()
	_ = r[off+3]
	binary.LittleEndian.PutUint32(r[off:], x)
}

// SetUint64 writes the eight bytes at off.
func (b Builder) SetUint64(off int, x uint64) {
	r := b.record()
	_ = r[off+7]
	binary.LittleEndian.PutUint64(r[off:], x)
}

// AddBytes appends p and writes where it is to the eight bytes at off.
func (b Builder) AddBytes(off int, p []byte) Builder {
	r := b.record()
	_ = r[off+7]
	binary.LittleEndian.PutUint32(r[off:], uint32(len(r)))
	binary.LittleEndian.PutUint32(r[off+4:], uint32(len(p)))
	b.buf = append(b.buf, p...)
	return b
}

// End returns the buffer with the record behind what was in it.
func (b Builder) End() []byte { return b.buf }
