// Package compress compresses the payloads of DATA for the mux protocol, with S2 or Zstandard: section 5 of docs/mux.md. It stands
// apart from codec/mux so that only who compresses links the algorithms.
//
//	c, err := compress.New(compress.S2, 0)
//	payload, ok := c.Append(nil, data) // with ok the payload of DATA with the flag mux.Compressed
//
//	data, err = compress.NewReader(mux.DefaultSettings.MaxFrame, mux.S2).Append(nil, payload)
//
// Frames are compressed one by one, and nothing runs beside the caller.
package compress

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/leat-io/leat/codec/mux"
)

// An Algorithm is the first byte of a compressed payload.
type Algorithm uint8

// The algorithms.
const (
	S2   Algorithm = 1 // the block format
	Zstd Algorithm = 2 // a frame of RFC 8878
)

// Bounds on what a compressed payload may unfold to: section 5 of the specification.
const (
	mostRatio = 100
	spare     = 1024
)

const mostGap = 64

// Stats are what became of the payloads that a [Compressor] was given.
type Stats struct {
	Tried, Kept uint64 // payloads that were compressed, and those of them of which that was sent
	In, Out     uint64 // bytes of those that were kept, before and after, with what stands before the compressed bytes
}

// A Compressor compresses the payloads of one direction of one connection. It must not be used by several goroutines at once. In
// steady state it allocates nothing.
//
// Where it would save less than an eighth, or the result would unfold to more than a receiver accepts, it gives up, and leaves the
// next payload alone, then the next two and so on, up to 64, until it saves again.
type Compressor struct {
	algorithm Algorithm
	threshold int
	zstd      *zstd.Encoder
	gap, skip int
	stats     Stats
}

var _ mux.Compressor = (*Compressor)(nil)

// New returns a compressor that leaves payloads below threshold bytes alone. 0 stands for 512 with S2 and 4 KiB with Zstd.
func New(a Algorithm, threshold int) (*Compressor, error) {
	c := &Compressor{algorithm: a, threshold: threshold}
	switch a {
	case S2:
		c.threshold = pick(threshold, 512)
	case Zstd:
		c.threshold = pick(threshold, 4<<10)
		var err error
		c.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true), zstd.WithLowerEncoderMem(true))
		if err != nil {
			return nil, fmt.Errorf("compress: %w", err)
		}
	default:
		return nil, fmt.Errorf("compress: no algorithm %d: 1 is S2, 2 is Zstandard", a)
	}
	return c, nil
}

func pick(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// Stats returns the counts so far.
func (c *Compressor) Stats() Stats { return c.stats }

// Append implements [mux.Compressor].
func (c *Compressor) Append(b, payload []byte) ([]byte, bool) {
	if len(payload) < c.threshold {
		return b, false
	}
	if c.skip > 0 {
		c.skip--
		return b, false
	}
	c.stats.Tried++
	out := binary.AppendUvarint(append(b, byte(c.algorithm)), uint64(len(payload)))
	head := len(out)
	out = c.compress(out, payload)
	if total := len(out) - len(b); total > len(payload)-len(payload)/8 || len(payload) > mostRatio*(len(out)-head)+spare {
		c.gap = min(max(1, 2*c.gap), mostGap)
		c.skip = c.gap
		return out[:len(b)], false
	}
	c.gap = 0
	c.stats.Kept++
	c.stats.In += uint64(len(payload))
	c.stats.Out += uint64(len(out) - len(b))
	return out, true
}

func (c *Compressor) compress(b, payload []byte) []byte {
	if c.algorithm == Zstd {
		return c.zstd.EncodeAll(payload, b)
	}
	b = slices.Grow(b, s2.MaxEncodedLen(len(payload)))
	return b[:len(b)+len(s2.Encode(b[len(b):cap(b)], payload))]
}
