package plainmux

import (
	"encoding/binary"
	"time"
)

const (
	openingSize   = 8 // the part of OPEN before its metadata
	highestClass  = 7
	defaultWeight = 16
)

// An Opening is what OPEN says about a stream. The zero value is a stream of bytes in class 0 with weight 16.
type Opening struct {
	Messages bool          // the stream carries messages instead of bytes
	Class    uint8         // 0 to 7; the lower goes first
	Weight   uint16        // share among those of a class; 0 stands for 16
	Deadline time.Duration // after which the opener resets the stream, in whole milliseconds; 0 is never
	Metadata []Pair
	Fin      bool // the opener sends nothing
}

func (o Opening) append(b []byte) []byte {
	kind := byte(0)
	if o.Messages {
		kind = 1
	}
	b = append(b, kind, o.Class)
	b = binary.LittleEndian.AppendUint16(b, o.Weight)
	b = binary.LittleEndian.AppendUint32(b, uint32(o.Deadline.Milliseconds()))
	return appendMetadata(b, o.Metadata)
}

func parseOpening(b []byte, flags Flags, maxMetadata uint32) (Opening, error) {
	o := Opening{Fin: flags&Fin != 0}
	if len(b) == 0 {
		return o, nil
	}
	if len(b) < openingSize {
		return o, fault(Protocol, "OPEN has %d bytes, not 0 or at least %d", len(b), openingSize)
	}
	if b[0] > 1 {
		return o, fault(Protocol, "there is no stream of kind %d", b[0])
	}
	if b[1] > highestClass {
		return o, fault(Protocol, "class %d is above %d", b[1], highestClass)
	}
	o.Messages, o.Class, o.Weight = b[0] == 1, b[1], binary.LittleEndian.Uint16(b[2:])
	o.Deadline = time.Duration(binary.LittleEndian.Uint32(b[4:])) * time.Millisecond
	var err error
	o.Metadata, err = parseMetadata(b[openingSize:], maxMetadata)
	return o, err
}

func weight(w uint16) uint64 {
	if w == 0 {
		return defaultWeight
	}
	return uint64(w)
}
