package plainmux

import (
	"encoding/binary"
	"math"
)

// Settings are what a side tells the other about itself (section 6).
type Settings struct {
	MaxFrame         uint32 // bytes
	StreamWindow     uint32 // bytes
	ConnectionWindow uint32 // bytes
	MaxStreams       uint32
	Keepalive        uint32 // milliseconds; 0 is never
	MaxMetadata      uint32 // bytes, of one OPEN
}

// DefaultSettings are those that hold when a side names none.
func DefaultSettings() Settings {
	return Settings{MaxFrame: 1 << 20, StreamWindow: 256 << 10, ConnectionWindow: 1 << 20, MaxStreams: 1024, Keepalive: 45_000, MaxMetadata: 16 << 10}
}

// The names of settings on the wire.
const (
	nameMaxFrame = 1 + iota
	nameStreamWindow
	nameConnectionWindow
	nameMaxStreams
	nameKeepalive
	nameMaxMetadata
)

type bounds struct{ lowest, highest uint32 }

var settingBounds = map[uint16]bounds{
	nameMaxFrame:         {16 << 10, maxLength - checksumSize},
	nameStreamWindow:     {0, 1 << 30},
	nameConnectionWindow: {64 << 10, 1 << 30},
	nameMaxStreams:       {0, 1 << 24},
	nameKeepalive:        {1000, math.MaxUint32}, // or 0
	nameMaxMetadata:      {0, 1 << 20},
}

func (s *Settings) field(name uint16) *uint32 {
	return map[uint16]*uint32{
		nameMaxFrame: &s.MaxFrame, nameStreamWindow: &s.StreamWindow, nameConnectionWindow: &s.ConnectionWindow,
		nameMaxStreams: &s.MaxStreams, nameKeepalive: &s.Keepalive, nameMaxMetadata: &s.MaxMetadata,
	}[name]
}

// append writes the settings of the given names in the form of the payload.
func (s *Settings) append(b []byte, names ...uint16) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(len(names)))
	for _, name := range names {
		b = binary.LittleEndian.AppendUint16(b, name)
		b = binary.LittleEndian.AppendUint32(b, *s.field(name))
	}
	return b
}

// maxGreeting is how many bytes the payload of the first SETTINGS may have, whatever the settings of its receiver (section 1).
const maxGreeting = 16 << 10

// apply reads a payload into s. Behind the first SETTINGS only two of the names are allowed, and no metadata.
func (s *Settings) apply(b []byte, first bool) ([]Pair, error) {
	if len(b) < 2 || (len(b)-2)/6 < int(binary.LittleEndian.Uint16(b)) {
		return nil, fault(Malformed, "SETTINGS of %d bytes ends within its settings", len(b))
	}
	count := int(binary.LittleEndian.Uint16(b))
	seen := map[uint16]bool{}
	for b = b[2:]; count > 0; count, b = count-1, b[6:] {
		name, value := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint32(b[2:])
		if seen[name] {
			return nil, fault(Protocol, "setting %d is there twice", name)
		}
		seen[name] = true
		field := s.field(name)
		if field == nil {
			continue
		}
		if !first && name != nameMaxStreams && name != nameKeepalive {
			return nil, fault(Protocol, "setting %d may not change", name)
		}
		if !inBounds(name, value) {
			return nil, fault(Protocol, "setting %d is %d, which is out of bounds", name, value)
		}
		*field = value
	}
	if !first && len(b) > 0 {
		return nil, fault(Protocol, "a later SETTINGS has metadata")
	}
	return parseMetadata(b, maxGreeting)
}

func inBounds(name uint16, value uint32) bool {
	b := settingBounds[name]
	return (value >= b.lowest && value <= b.highest) || (name == nameKeepalive && value == 0)
}
