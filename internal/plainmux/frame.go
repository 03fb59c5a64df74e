package plainmux

import (
	"encoding/binary"
	"math"
)

// A Type is that of a frame (section 2).
type Type uint8

// The types of frames.
const (
	Data         Type = 0
	Open         Type = 1
	CreditFrame  Type = 2
	Reset        Type = 3
	Stop         Type = 4
	Priority     Type = 5
	Ping         Type = 6
	Pong         Type = 7
	GoAway       Type = 8
	SettingsType Type = 9
)

// Flags are the four flags of a frame.
type Flags uint8

// The flags of frames.
const (
	Fin        Flags = 1
	Packed     Flags = 2
	Compressed Flags = 4
	Checked    Flags = 8
)

const (
	headerSize   = 8
	checksumSize = 4
	maxText      = 1024
	maxLength    = 1<<24 - 1 // what 24 bits can say
)

// A Frame is what stands between two headers. Its payload is without the checksum.
type Frame struct {
	Type    Type
	Flags   Flags
	Stream  uint32
	Payload []byte
}

func putHeader(b []byte, length int, t Type, flags Flags, stream uint32) {
	binary.LittleEndian.PutUint64(b, uint64(length)|uint64(t&15)<<24|uint64(flags&15)<<28|uint64(stream)<<32)
}

func parseHeader(b []byte) (length int, f Frame) {
	h := binary.LittleEndian.Uint64(b)
	return int(h & maxLength), Frame{Type: Type(h >> 24 & 15), Flags: Flags(h >> 28 & 15), Stream: uint32(h >> 32)}
}

// A shape is one line of the table of section 2.
type shape struct {
	onStream, onConnection bool
	flags                  Flags
	shortest, longest      int
}

var shapes = [...]shape{
	Data:         {true, false, Fin | Packed | Compressed, 0, math.MaxInt},
	Open:         {true, false, Fin, 0, math.MaxInt},
	CreditFrame:  {true, true, 0, 8, 8},
	Reset:        {true, false, 0, 4, 4 + maxText},
	Stop:         {true, false, 0, 4, 4 + maxText},
	Priority:     {true, false, 0, 4, 4},
	Ping:         {false, true, 0, 8, 8},
	Pong:         {false, true, 0, 8, 8},
	GoAway:       {false, true, 0, 8, 8 + maxText},
	SettingsType: {false, true, 0, 2, math.MaxInt},
}

// check holds a header against the table. The length is that of the payload without a checksum.
func check(f Frame, length int) error {
	if int(f.Type) >= len(shapes) {
		return fault(Protocol, "there is no frame of type %d", f.Type)
	}
	s := shapes[f.Type]
	switch {
	case f.Flags&^Checked&^s.flags != 0:
		return fault(Protocol, "a frame of type %d has flags %#x", f.Type, f.Flags)
	case f.Stream == 0 && !s.onConnection, f.Stream != 0 && !s.onStream:
		return fault(Protocol, "a frame of type %d is on stream %d", f.Type, f.Stream)
	case length < s.shortest || length > s.longest:
		return fault(Protocol, "a frame of type %d has a payload of %d bytes", f.Type, length)
	}
	return nil
}

const mostCredit = 1 << 62

// checkPayload holds the payload of a frame against what it may say in any state.
func checkPayload(f Frame) error {
	switch {
	case f.Type == Priority && (f.Payload[0] > highestClass || f.Payload[1] != 0):
		return fault(Protocol, "PRIORITY of class %d and a second byte of %d", f.Payload[0], f.Payload[1])
	case f.Type == CreditFrame && binary.LittleEndian.Uint64(f.Payload) > mostCredit:
		return fault(Credit, "a total of more than 2^62 on stream %d", f.Stream)
	case f.Flags&Compressed != 0:
		return fault(Malformed, "DATA is compressed, which is not of this connection's features")
	}
	return nil
}
