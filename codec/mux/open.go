package mux

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// An Opening is what OPEN says about its stream.
type Opening struct {
	Messages bool          // the stream carries messages, not bytes
	Class    uint8         // 0 to [MostClass], lower first
	Weight   uint16        // 0 stands for [DefaultWeight]
	Timeout  time.Duration // after which the opener gives up; 0 is never
	Metadata Metadata
}

// Keep returns a copy that may be kept, or nil where o says nothing but that there is a stream.
func (o *Opening) Keep() *Opening {
	if o.plain() && (o.Weight == 0 || o.Weight == DefaultWeight) {
		return nil
	}
	own := *o
	own.Metadata = append(Metadata(nil), o.Metadata...)
	return &own
}

// plain says whether o is what OPEN without a payload says, but for the weight.
func (o *Opening) plain() bool {
	return !o.Messages && o.Class == 0 && o.Timeout <= 0 && len(o.Metadata) == 0
}

const openSize = 8

// AppendOpen appends OPEN. A timeout is rounded up to milliseconds, and one of more than 49 days is that of 2³² - 1; the metadata
// is well formed and at most [MostPayload] - 8 bytes.
func AppendOpen(b []byte, stream uint32, f Flags, o *Opening) []byte {
	if o.plain() && o.Weight == 0 {
		return NewHeader(0, Open, f, stream).Append(b)
	}
	kind := byte(0)
	if o.Messages {
		kind = 1
	}
	b = append(NewHeader(openSize+len(o.Metadata), Open, f, stream).Append(b), kind, o.Class)
	b = binary.LittleEndian.AppendUint16(b, o.Weight)
	b = binary.LittleEndian.AppendUint32(b, milliseconds(o.Timeout))
	return append(b, o.Metadata...)
}

func milliseconds(d time.Duration) uint32 {
	if d <= 0 {
		return 0
	}
	return uint32(min((d-1)/time.Millisecond+1, math.MaxUint32))
}

// ParseOpen returns what the payload of an OPEN says, with metadata of at most max bytes, which aliases the payload. The weight
// is at least 1.
func ParseOpen(payload []byte, max int) (o Opening, err error) {
	o.Weight = DefaultWeight
	if len(payload) == 0 {
		return o, nil
	}
	if len(payload) < openSize {
		return o, &Error{Code: Protocol, Text: fmt.Sprintf("an OPEN of %d bytes: either 0 or at least %d", len(payload), openSize)}
	}
	if payload[0] > 1 {
		return o, &Error{Code: Protocol, Text: fmt.Sprintf("kind %d of a stream: 0 is bytes, 1 messages", payload[0])}
	}
	o.Messages = payload[0] == 1
	if o.Class, o.Weight, err = priority(payload[1], binary.LittleEndian.Uint16(payload[2:])); err != nil {
		return o, err
	}
	o.Timeout = time.Duration(binary.LittleEndian.Uint32(payload[4:])) * time.Millisecond
	o.Metadata, err = ParseMetadata(payload[openSize:], max)
	return o, err
}
