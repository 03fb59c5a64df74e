package mux

// MostPrefix is the most bytes that the length of a message takes.
const MostPrefix = 5

var (
	errPrefix = &Error{Code: Malformed, Text: "a length that is not the shortest form of a 32-bit number"}
	errInside = &Error{Code: Malformed, Text: "an end within a message"}
)

// AppendMessage appends a message, shorter than 4 GiB, behind its length.
func AppendMessage(b, m []byte) []byte { return append(appendUvarint(b, len(m)), m...) }

// NextMessage returns the message at the front of b, which begins with a length and ends with the end of a message, as a payload
// with [Packed] does. Both alias b. An empty b, or one that ends within the message, is an error; an empty payload with Packed has no
// messages, and is not to be asked for one.
func NextMessage(b []byte) (m, rest []byte, err error) {
	if len(b) > 0 && b[0] < 0x80 { // most messages, and nearly all names, are short
		if n := 1 + int(b[0]); n <= len(b) {
			return b[1:n:n], b[n:], nil
		}
		return nil, nil, errInside
	}
	return nextLong(b)
}

func nextLong(b []byte) (m, rest []byte, err error) {
	n, used := uvarint(b)
	switch {
	case used < 0:
		return nil, nil, errPrefix
	case used == 0 || uint64(n) > uint64(len(b)-used):
		return nil, nil, errInside
	}
	end := used + int(n)
	return b[used:end:end], b[end:], nil
}

func appendUvarint(b []byte, n int) []byte {
	v := uint32(n)
	for v >= 0x80 {
		b, v = append(b, byte(v)|0x80), v>>7
	}
	return append(b, byte(v))
}

// uvarint returns the number at the front of b and how many bytes it takes: 0 when there are too few, -1 when it is none.
func uvarint(b []byte) (uint32, int) {
	var v uint32
	for i, c := range b {
		if i == MostPrefix-1 && c > 15 {
			return 0, -1
		}
		v |= uint32(c&0x7f) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 {
				return 0, -1
			}
			return v, i + 1
		}
	}
	return 0, 0
}
