package compress

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/leat-io/leat/codec/mux"
)

// A Reader undoes what a [Compressor] did. It must not be used by several goroutines at once. In steady state it allocates only
// where the buffer that it is given is too small.
type Reader struct {
	max  int
	use  mux.Features
	zstd *zstd.Decoder
}

var _ mux.Decompressor = (*Reader)(nil)

// leastWindow is the window that every decoder should support: RFC 8878, section 3.1.1.1.2. It is memory that a sender needs; here
// the window is what was written.
const leastWindow = 8 << 20

// NewReader returns a reader of payloads of at most max bytes, in the algorithms that the features of the connection allow.
func NewReader(max int, use mux.Features) *Reader { return &Reader{max: max, use: use} }

// Append implements [mux.Decompressor].
func (r *Reader) Append(b, payload []byte) ([]byte, error) {
	if len(payload) < 2 {
		return b, malformed("a compressed payload of %d bytes", len(payload))
	}
	size, n := binary.Uvarint(payload[1:min(len(payload), 1+mux.MostPrefix)])
	if n <= 0 || n > 1 && payload[n] == 0 {
		return b, malformed("the size of a compressed payload is not the shortest form of a number")
	}
	a, packed := Algorithm(payload[0]), payload[1+n:]
	if size > uint64(r.max) || size > mostRatio*uint64(len(packed))+spare {
		return b, malformed("%d bytes that unfold to %d, the limits are %d times, and %d bytes", len(packed), size, mostRatio, r.max)
	}
	switch {
	case a == S2 && r.use&mux.S2 != 0:
		return unfoldS2(b, packed, int(size))
	case a == Zstd && r.use&mux.Zstandard != 0:
		return r.unfoldZstd(b, packed, int(size))
	}
	return b, malformed("algorithm %d was not agreed upon", a)
}

func unfoldS2(b, packed []byte, size int) ([]byte, error) {
	if n, err := s2.DecodedLen(packed); err != nil || n != size {
		return b, malformed("S2 of %d bytes is not %d bytes: %v", n, size, err)
	}
	b = slices.Grow(b, size)
	if _, err := s2.Decode(b[len(b):len(b)+size:len(b)+size], packed); err != nil {
		return b, malformed("S2: %v", err)
	}
	return b[:len(b)+size], nil
}

func (r *Reader) unfoldZstd(b, packed []byte, size int) ([]byte, error) {
	if r.zstd == nil {
		var err error
		r.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true),
			zstd.WithDecoderMaxMemory(uint64(max(r.max, leastWindow))))
		if err != nil {
			return b, &mux.Error{Code: mux.Internal, Text: err.Error()}
		}
	}
	b = slices.Grow(b, size)
	out, err := r.zstd.DecodeAll(packed, b[:len(b):len(b)+size])
	if err != nil || len(out) != len(b)+size {
		return b, malformed("Zstandard: %d bytes came out, not %d: %v", len(out)-len(b), size, err)
	}
	return b[:len(b)+size], nil
}

//go:noinline
func malformed(format string, args ...any) error {
	return &mux.Error{Code: mux.Malformed, Text: fmt.Sprintf(format, args...)}
}
