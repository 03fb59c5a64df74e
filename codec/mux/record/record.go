// Package record reads and writes records in place: the payloads of typed messages, of which a reader takes the fields that it
// wants and copies nothing.
//
// A record is a fixed part, whose size and fields both sides know, and the variable bytes behind it:
//
//   - Integers are little endian, at any offset of the fixed part; nothing is aligned or padded but as both sides agree.
//   - A slice is eight bytes in the fixed part, a u32 offset from the beginning of the record and a u32 length in bytes, and that many
//     bytes there. A slice lies wholly in the record; several may share bytes. One of length 0 has an offset up to the end of the record.
//   - A record ends where its message ends. Bytes that no field refers to mean nothing.
//
// A [Builder] writes slices behind the fixed part without gaps, in the order in which they are added.
//
//	b := record.Begin(buf, 16)
//	b.SetUint64(0, 42)
//	b = b.AddBytes(8, []byte("answer"))
//	buf = b.End()
//
//	v, err := record.Open(buf, 16)
//	n := v.Uint64(0)
//	name, ok := v.Bytes(8)
package record

import (
	"encoding/binary"
	"fmt"
)

// A View is a record that is read in place: [Open] has made sure that its fixed part is there. An offset of a field beyond that
// is a mistake of the program and panics.
type View []byte

// Open returns the view of a record whose fixed part has that many bytes.
func Open(b []byte, fixed int) (View, error) {
	if len(b) < fixed {
		return nil, short(len(b), fixed)
	}
	return b, nil
}

//go:noinline
func short(n, fixed int) error {
	return fmt.Errorf("record: %d bytes, the fixed part alone has %d", n, fixed)
}

// Uint8 returns the byte at off.
func (v View) Uint8(off int) uint8 { return v[off] }

// Uint16 returns the two bytes at off.
func (v View) Uint16(off int) uint16 { return binary.LittleEndian.Uint16(v[off:]) }

// Uint32 returns the four bytes at off.
func (v View) Uint32(off int) uint32 { return binary.LittleEndian.Uint32(v[off:]) }

// Uint64 returns the eight bytes at off.
func (v View) Uint64(off int) uint64 { return binary.LittleEndian.Uint64(v[off:]) }

// Bytes returns the slice whose offset and length stand at off, or false when it is not wholly in the record. It aliases the record.
func (v View) Bytes(off int) ([]byte, bool) {
	from, n := uint64(binary.LittleEndian.Uint32(v[off:])), uint64(binary.LittleEndian.Uint32(v[off+4:]))
	if from+n > uint64(len(v)) {
		return nil, false
	}
	return v[from : from+n : from+n], true
}
