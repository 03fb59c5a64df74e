package mux

import (
	"encoding/binary"
	"fmt"
)

// HeaderSize is the length of a header in bytes.
const HeaderSize = 8

// MostPayload is the longest payload, in bytes, that a header can announce. A checksum is part of it: [MostFrame].
const MostPayload = 1<<24 - 1

// A Type says what a frame is.
type Type uint8

// The types of frames: section 2 of the specification.
const (
	Data Type = iota
	Open
	Credit
	Reset
	Stop
	Priority
	Ping
	Pong
	GoAway
	Setting

	types = iota
)

var typeNames = [types]string{"DATA", "OPEN", "CREDIT", "RESET", "STOP", "PRIORITY", "PING", "PONG", "GOAWAY", "SETTINGS"}

// String returns the name of the type in the specification.
func (t Type) String() string {
	if t < types {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// Flags are the flags of a frame.
type Flags uint8

// The flags of frames: section 2 of the specification.
const (
	Fin        Flags = 1 << iota // the sender sends nothing more on the stream
	Packed                       // the payload is whole messages
	Compressed                   // the payload was compressed
	Checked                      // the payload ends with a checksum
)

// A Header is the first eight bytes of a frame, as one little-endian number.
type Header uint64

// NewHeader returns the header of a frame with a payload of n bytes, at most [MostPayload].
func NewHeader(n int, t Type, f Flags, stream uint32) Header {
	return Header(n) | Header(t)<<24 | Header(f)<<28 | Header(stream)<<32
}

// ReadHeader returns the header at the front of b, which has at least [HeaderSize] bytes.
func ReadHeader(b []byte) Header { return Header(binary.LittleEndian.Uint64(b)) }

// Append appends the header to b.
func (h Header) Append(b []byte) []byte { return binary.LittleEndian.AppendUint64(b, uint64(h)) }

// Put writes the header over the front of b.
func (h Header) Put(b []byte) { binary.LittleEndian.PutUint64(b, uint64(h)) }

// Len is the length of the payload in bytes.
func (h Header) Len() int { return int(h & MostPayload) }

// Type is the type of the frame, which may be none that is defined.
func (h Header) Type() Type { return Type(h >> 24 & 15) }

// Flags are the flags of the frame.
func (h Header) Flags() Flags { return Flags(h >> 28 & 15) }

// Stream is the number of the stream; 0 is the connection.
func (h Header) Stream() uint32 { return uint32(h >> 32) }

// Has says whether the frame has all flags of f.
func (h Header) Has(f Flags) bool { return h.Flags()&f == f }

// String shows the header, for errors and logs.
func (h Header) String() string {
	return fmt.Sprintf("%v on stream %d, %d bytes, flags %04b", h.Type(), h.Stream(), h.Len(), h.Flags())
}
