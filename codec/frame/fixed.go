package frame

import "fmt"

// Fixed is frames of exactly n bytes with nothing between them. It panics unless n is positive.
func Fixed(n int) Codec {
	if n < 1 {
		panic(fmt.Sprintf("frame.Fixed: a frame must have at least 1 byte, not %d", n))
	}
	return fixed(n)
}

type fixed int

func (n fixed) Decode(b []byte, v *Frame) (int, error) {
	if len(b) < int(n) {
		return -int(n), nil
	}
	v.Payload = b[:n:n]
	return int(n), nil
}

func (n fixed) Append(b []byte, v *Frame) ([]byte, error) {
	if len(v.Payload) != int(n) {
		return b, fmt.Errorf("%w: %d bytes in a codec of %d", ErrSize, len(v.Payload), int(n))
	}
	return append(b, v.Payload...), nil
}

// Raw is the bytes as they come: whatever one read returned is one frame, so where a frame ends means nothing. It has no
// limit of its own, because it never waits for more bytes than there are.
var Raw raw

type raw struct{}

var _ Codec = Raw

func (raw) Decode(b []byte, v *Frame) (int, error) {
	v.Payload = b[:len(b):len(b)]
	return len(b), nil
}

func (raw) Append(b []byte, v *Frame) ([]byte, error) { return append(b, v.Payload...), nil }
