package frame

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Length16 is frames behind a 16-bit big-endian length, which does not count itself. A payload has 0 to max bytes; a max
// over 65535, the most that the prefix can say, stands for 65535. It panics unless max is positive.
func Length16(max int) Codec {
	return &length16{max: uint16(limit("Length16", max, math.MaxUint16, 2))}
}

// Length16LE is [Length16] with the length in little-endian order.
func Length16LE(max int) Codec {
	return &length16{max: uint16(limit("Length16LE", max, math.MaxUint16, 2)), little: true}
}

// Length32 is frames behind a 32-bit big-endian length, which does not count itself. A payload has 0 to max bytes; a max
// over 4294967295 (2147483643 where an int has 32 bits) stands for that. It panics unless max is positive.
func Length32(max int) Codec {
	return &length32{max: uint32(limit("Length32", max, math.MaxUint32, 4))}
}

// Length32LE is [Length32] with the length in little-endian order.
func Length32LE(max int) Codec {
	return &length32{max: uint32(limit("Length32LE", max, math.MaxUint32, 4)), little: true}
}

// The lengths stay unsigned until they have passed the limit, so that none is ever negative.

type length16 struct {
	max    uint16
	little bool
}

func (c *length16) Decode(b []byte, v *Frame) (int, error) {
	if len(b) < 2 {
		return -2, nil
	}
	n := binary.BigEndian.Uint16(b)
	if c.little {
		n = bits.ReverseBytes16(n)
	}
	if n > c.max {
		return 0, tooLong(uint64(n), uint64(c.max))
	}
	end := 2 + int(n)
	if len(b) < end {
		return -end, nil
	}
	v.Payload = b[2:end:end]
	return end, nil
}

func (c *length16) Append(b []byte, v *Frame) ([]byte, error) {
	if uint64(len(v.Payload)) > uint64(c.max) {
		return b, tooLong(uint64(len(v.Payload)), uint64(c.max))
	}
	n := uint16(len(v.Payload))
	if c.little {
		n = bits.ReverseBytes16(n)
	}
	return append(binary.BigEndian.AppendUint16(b, n), v.Payload...), nil
}

type length32 struct {
	max    uint32
	little bool
}

func (c *length32) Decode(b []byte, v *Frame) (int, error) {
	if len(b) < 4 {
		return -4, nil
	}
	n := binary.BigEndian.Uint32(b)
	if c.little {
		n = bits.ReverseBytes32(n)
	}
	if n > c.max {
		return 0, tooLong(uint64(n), uint64(c.max))
	}
	end := 4 + int(n)
	if len(b) < end {
		return -end, nil
	}
	v.Payload = b[4:end:end]
	return end, nil
}

func (c *length32) Append(b []byte, v *Frame) ([]byte, error) {
	if uint64(len(v.Payload)) > uint64(c.max) {
		return b, tooLong(uint64(len(v.Payload)), uint64(c.max))
	}
	n := uint32(len(v.Payload))
	if c.little {
		n = bits.ReverseBytes32(n)
	}
	return append(binary.BigEndian.AppendUint32(b, n), v.Payload...), nil
}
