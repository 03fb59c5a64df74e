package plainmux

import (
	"encoding/binary"
	"math"
)

const maxUvarint = 5

// uvarint reads an integer: n is 0 when b ends within it and below 0 when it is too long, too large or not in its shortest form.
func uvarint(b []byte) (v uint32, n int) {
	var all uint64
	for i, c := range b {
		if i == maxUvarint {
			return 0, -1
		}
		all |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if all > math.MaxUint32 || (c == 0 && i > 0) {
				return 0, -1
			}
			return uint32(all), i + 1
		}
	}
	if len(b) >= maxUvarint {
		return 0, -1
	}
	return 0, 0
}

func appendUvarint(b []byte, v int) []byte { return binary.AppendUvarint(b, uint64(v)) }
