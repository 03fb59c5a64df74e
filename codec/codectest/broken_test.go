package codectest_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/leat-io/leat/codec/codectest"
)

// decoding replaces the decoder of a good codec.
func decoding(f decodeFunc) codectest.Codec[blob] {
	c := good()
	c.decode = f
	return description(c, c)
}

// spoiling lets f change what a good decoder did.
func spoiling(f func(b []byte, v *blob, n int) int) codectest.Codec[blob] {
	return decoding(func(b []byte, v *blob) (int, error) {
		n, err := decodeBlob(b, v)
		if err == nil {
			n = f(b, v, n)
		}
		return n, err
	})
}

func encoding(f func(b []byte, v *blob) ([]byte, error)) codectest.Codec[blob] {
	c := good()
	c.append = f
	return description(c, c)
}

var sink []byte

// A faulty codec has one fault, and checks that must find it.
type faulty struct {
	name   string
	codec  codectest.Codec[blob]
	checks []string
}

var broken = []faulty{
	{"takes more than there is", spoiling(func(b []byte, v *blob, n int) int {
		if n > 0 {
			return n + 1
		}
		return n
	}), []string{inverse, splits, prefixes, hostile, endless}},
	{"gives a truncated message", decoding(func(b []byte, v *blob) (int, error) {
		n, err := decodeBlob(b, v)
		if n < -4 {
			v.Data = b[4:len(b):len(b)]
			return len(b), nil
		}
		return n, err
	}), []string{splits, connections, hostile}},
	{"drops a message that does not arrive at once", decoding(func(b []byte, v *blob) (int, error) {
		n, err := decodeBlob(b, v)
		if n < 0 && len(b) == 5 {
			return 5, nil
		}
		return n, err
	}), []string{splits}},
	{"gives an error that depends on the split", decoding(func(b []byte, v *blob) (int, error) {
		n, err := decodeBlob(b, v)
		if err != nil {
			err = fmt.Errorf("%w, of which there are %d", err, len(b))
		}
		return n, err
	}), []string{hostile}},
	{"asks for what it has", spoiling(func(b []byte, _ *blob, n int) int {
		if n < 0 {
			return -len(b)
		}
		return n
	}), []string{splits, prefixes, hostile}},
	{"asks for more than it needs", spoiling(func(_ []byte, _ *blob, n int) int {
		if n < 0 {
			return n - 1
		}
		return n
	}), []string{splits, prefixes}},
	{"asks for more than the limit", spoiling(func(_ []byte, _ *blob, n int) int {
		if n < 0 {
			return -5 - blobLimit
		}
		return n
	}), []string{splits, prefixes}},
	{"asks for the smallest int", spoiling(func(_ []byte, _ *blob, n int) int {
		if n < 0 {
			return -int(^uint(0)>>1) - 1
		}
		return n
	}), []string{splits, prefixes}},
	{"finds no message in what is one", spoiling(func(_ []byte, _ *blob, n int) int {
		if n == 5 {
			return 0
		}
		return n
	}), []string{inverse, vectors}},
	{"answers differently when asked again", description(perConn{good(), func() decodeFunc {
		asked := 0
		return func(b []byte, v *blob) (int, error) {
			n, err := decodeBlob(b, v)
			if asked++; n < 0 && err == nil && asked%2 == 0 {
				return 0, nil
			}
			return n, err
		}
	}}, good()), []string{splits}},
	{"looks into the capacity", decoding(func(b []byte, v *blob) (int, error) {
		n, err := decodeBlob(b, v)
		if n < 0 && cap(b) >= -n {
			return decodeBlob(b[:-n], v)
		}
		return n, err
	}), []string{prefixes}},
	{"changes bytes that it does not take", spoiling(func(b []byte, _ *blob, n int) int {
		if n > 0 && len(b) > n {
			b[n] ^= 1
		}
		return n
	}), []string{prefixes, inverse}},
	{"changes bytes of an unfinished message", spoiling(func(b []byte, _ *blob, n int) int {
		if n < 0 && len(b) > 4 {
			b[4] ^= 1
		}
		return n
	}), []string{prefixes, splits}},
	{"copies the payload", spoiling(func(_ []byte, v *blob, n int) int {
		v.Data = bytes.Clone(v.Data)
		return n
	}), []string{aliases, allocations}},
	{"reads over the end of its message", spoiling(func(b []byte, v *blob, n int) int {
		if n > 0 && n < len(b) {
			v.Data = b[4 : n+1 : n+1]
		}
		return n
	}), []string{aliases, inverse}},
	{"does not clip the capacity", spoiling(func(b []byte, v *blob, n int) int {
		if n > 0 {
			v.Data = b[4:n]
		}
		return n
	}), []string{aliases}},
	{"keeps bytes between calls", description(perConn{good(), func() decodeFunc {
		var header []byte
		return func(b []byte, v *blob) (int, error) {
			if len(b) >= 4 && header == nil {
				header = b[:4]
			}
			if header == nil {
				return -4, nil
			}
			n := int(binary.BigEndian.Uint32(header))
			switch {
			case n > blobLimit:
				return 0, errTooLong
			case len(b) < 4+n:
				return -4 - n, nil
			}
			v.Data, header = b[4:4+n:4+n], nil
			return 4 + n, nil
		}
	}}, good()), []string{splits}},
	{"shares state between connections", func() codectest.Codec[blob] {
		c := lineDescription(nil)
		c.Decoder = codec{decode: remembering()}
		return c
	}(), []string{connections}},
	{"panics on a length that nobody sends", spoiling(func(b []byte, _ *blob, n int) int {
		if len(b) > 4 && b[3] == 0x7f {
			panic("unexpected")
		}
		return n
	}), []string{hostile}},
	{"waits for the end of what is already too long", lineDescription(codec{decode: func(b []byte, v *blob) (int, error) {
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			v.Data = b[:i:i]
			return i + 1, nil
		}
		return 0, nil
	}}), []string{endless}},
	{"allocates what a length says", decoding(func(b []byte, v *blob) (int, error) {
		if len(b) >= 4 {
			sink = make([]byte, min(binary.BigEndian.Uint32(b), 8<<20))
		}
		return decodeBlob(b, v)
	}), []string{memory, allocations}},
	{"searches again from the start", lineDescription(codec{decode: decodeLine}), []string{drip}},
	{"encodes in the wrong order", encoding(func(b []byte, v *blob) ([]byte, error) {
		return append(binary.LittleEndian.AppendUint32(b, uint32(len(v.Data))), v.Data...), nil
	}), []string{inverse}},
	{"forgets what it should append to", encoding(func(_ []byte, v *blob) ([]byte, error) { return appendBlob(nil, v) }),
		[]string{inverse}},
	{"refuses its own samples", encoding(func(b []byte, v *blob) ([]byte, error) { return b, errTooLong }), []string{inverse}},
	{"gives another error than it should", decoding(func(b []byte, v *blob) (int, error) {
		n, err := decodeBlob(b, v)
		if err != nil {
			err = errors.New("something is wrong")
		}
		return n, err
	}), []string{vectors}},
	{"forgets what a refusal is appended to", func() codectest.Codec[blob] {
		c := good()
		c.refuse = func(_ []byte, err error) []byte { return []byte(err.Error()) }
		return description(c, c)
	}(), []string{vectors}},
}
