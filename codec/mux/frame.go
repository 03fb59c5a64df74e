package mux

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/leat-io/leat/stage"
)

// A Frame is one frame. Payload is without the checksum, which the length in Header counts. A decoded payload aliases the buffer
// that it was decoded from, and its capacity ends where it ends.
type Frame struct {
	stage.Head
	Header  Header
	Payload []byte
}

// A Format is the form of the frames in one direction of a connection. It keeps no state.
type Format struct {
	Max     int  // the longest payload in bytes, without the checksum: MAX_FRAME of the receiver
	Checked bool // every frame carries a checksum
}

// A Codec decodes and encodes frames.
type Codec interface {
	stage.Decoder[Frame]
	stage.Encoder[Frame]
}

// Frames is the codec of frames with payloads of at most max bytes. With checked every frame carries a checksum; the first
// SETTINGS of a side never does. It panics unless max is between 1 and [MostFrame].
func Frames(max int, checked bool) Codec {
	if max < 1 || max > MostFrame {
		panic(fmt.Sprintf("mux.Frames: the longest payload must be between 1 and %d bytes, not %d", MostFrame, max))
	}
	return Format{max, checked}
}

// SumSize is the length of a checksum in bytes.
const SumSize = 4

// MostFrame is the highest MAX_FRAME, in bytes: a longer payload leaves no room for its checksum.
const MostFrame = MostPayload - SumSize

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Sum returns the CRC-32C of a header, in its eight bytes, and the payload behind it: RFC 3720, appendix B.4. The header has the
// flag [Checked] and counts the [SumSize] bytes in which the sum, little endian, follows the payload.
func Sum(header, payload []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, header), castagnoli, payload)
}

// Decode implements [stage.Decoder]: it takes the frame at the front of b, and leaves v alone when it is not complete.
func (f Format) Decode(b []byte, v *Frame) (int, error) {
	if len(b) < HeaderSize {
		return -HeaderSize, nil
	}
	h := ReadHeader(b)
	if !f.allows(h) {
		return 0, f.fault(h)
	}
	n := HeaderSize + h.Len()
	if len(b) < n {
		return -n, nil
	}
	end := n
	if f.Checked {
		end -= SumSize
		if crc32.Update(0, castagnoli, b[:end]) != binary.LittleEndian.Uint32(b[end:]) {
			return 0, corrupt(h)
		}
	}
	v.Header, v.Payload = h, b[HeaderSize:end:end]
	return n, nil
}

// Append implements [stage.Encoder]: type, flags and stream are those of v.Header, and the length and the checksum follow from
// the payload. A frame that the receiver would refuse is an error.
func (f Format) Append(b []byte, v *Frame) ([]byte, error) {
	n, flags := len(v.Payload), v.Header.Flags()&^Checked
	if f.Checked {
		n, flags = n+SumSize, flags|Checked
	}
	if n > MostPayload {
		return b, &Error{Code: TooLarge, Text: fmt.Sprintf("a payload of %d bytes is longer than a header can tell", n)}
	}
	h := NewHeader(n, v.Header.Type(), flags, v.Header.Stream())
	if !f.allows(h) {
		return b, f.fault(h)
	}
	from := len(b)
	b = append(h.Append(b), v.Payload...)
	if f.Checked {
		b = appendSum(b, from)
	}
	return b, nil
}

// Seal gives the frame that was appended to b at from, and ends where b ends, its checksum: the flag, the greater length, and the
// sum. The payload is at most [MostFrame] bytes and the frame not yet sealed.
func Seal(b []byte, from int) []byte {
	h := ReadHeader(b[from:])
	(h + SumSize | Header(Checked)<<28).Put(b[from:])
	return appendSum(b, from)
}

func appendSum(b []byte, from int) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.Update(0, castagnoli, b[from:]))
}
