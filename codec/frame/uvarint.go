package frame

import "encoding/binary"

// Uvarint is frames behind a length in base 128, least significant group first, as [binary.AppendUvarint] writes it and
// as delimited Protocol Buffers use it. A payload has 0 to max bytes. It panics unless max is positive.
//
// Each length has one legal prefix, the shortest, of 1 to 10 bytes. A padded one such as 80 00, which encoding/binary and
// Protocol Buffers put up with, is an [ErrVarint], and so is one over 64 bits or 10 bytes: two programs that read the same
// bytes must not find different frames in them.
func Uvarint(max int) Codec {
	return &uvarint{max: limit("Uvarint", max, 1<<64-1, binary.MaxVarintLen64)}
}

type uvarint struct{ max uint64 }

func (c *uvarint) Decode(b []byte, v *Frame) (int, error) {
	n, h := binary.Uvarint(b)
	switch {
	case h == 0 && len(b) < binary.MaxVarintLen64:
		return -(len(b) + 1), nil
	case h <= 0, h > 1 && b[h-1] == 0:
		return 0, ErrVarint
	case n > c.max:
		return 0, tooLong(n, c.max)
	}
	end := h + int(n)
	if len(b) < end {
		return -end, nil
	}
	v.Payload = b[h:end:end]
	return end, nil
}

func (c *uvarint) Append(b []byte, v *Frame) ([]byte, error) {
	n := uint64(len(v.Payload))
	if n > c.max {
		return b, tooLong(n, c.max)
	}
	return append(binary.AppendUvarint(b, n), v.Payload...), nil
}
