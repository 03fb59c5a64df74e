package mux

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// Settings are what one side says about what it takes: section 6 of the specification.
type Settings struct {
	MaxFrame         int           // the longest payload in bytes, 16 KiB to [MostFrame]
	StreamWindow     int           // bytes on each stream before any CREDIT, up to 1 GiB
	ConnectionWindow int           // bytes on all streams before any CREDIT, 64 KiB to 1 GiB
	MaxStreams       int           // open streams, up to 2²⁴
	Keepalive        time.Duration // after which silence is death, at least 1 s, in milliseconds; 0 is never
	MaxMetadata      int           // bytes of metadata in one OPEN, up to 1 MiB
}

// DefaultSettings hold where the first SETTINGS is silent.
var DefaultSettings = Settings{
	MaxFrame: 1 << 20, StreamWindow: 256 << 10, ConnectionWindow: 1 << 20, MaxStreams: 1024, Keepalive: 45 * time.Second,
	MaxMetadata: 16 << 10,
}

var settingBounds = [...]struct {
	name      string
	low, high uint32
	late      bool // may change later
}{
	1: {"MAX_FRAME", 16 << 10, MostFrame, false},
	2: {"STREAM_WINDOW", 0, 1 << 30, false},
	3: {"CONNECTION_WINDOW", 64 << 10, 1 << 30, false},
	4: {"MAX_STREAMS", 0, 1 << 24, true},
	5: {"KEEPALIVE", 1000, 1<<32 - 1, true},
	6: {"MAX_METADATA", 0, 1 << 20, false},
}

const (
	keepalive    = 5
	settingNames = len(settingBounds)
	settingSize  = 6
)

func (s *Settings) values() [settingNames]uint32 {
	return [...]uint32{
		1: clamp(s.MaxFrame), 2: clamp(s.StreamWindow), 3: clamp(s.ConnectionWindow), 4: clamp(s.MaxStreams),
		5: milliseconds(s.Keepalive), 6: clamp(s.MaxMetadata),
	}
}

// clamp makes a setting that is no 32-bit number one that is out of all bounds.
func clamp(n int) uint32 {
	if n < 0 || int64(n) > math.MaxUint32 {
		return math.MaxUint32
	}
	return uint32(n)
}

func (s *Settings) set(name uint16, v uint32) {
	switch name {
	case 1:
		s.MaxFrame = int(v)
	case 2:
		s.StreamWindow = int(v)
	case 3:
		s.ConnectionWindow = int(v)
	case 4:
		s.MaxStreams = int(v)
	case keepalive:
		s.Keepalive = time.Duration(v) * time.Millisecond
	case 6:
		s.MaxMetadata = int(v)
	}
}

// MostSettings is the longest payload of the first SETTINGS of a side, in bytes, metadata included: section 1 of the
// specification. Who reads one decodes it with a [Format] of that Max.
const MostSettings = 16 << 10

// AppendSettings appends SETTINGS with what in s differs from was, and metadata. In the first SETTINGS of a side was is
// [DefaultSettings] and the payload at most [MostSettings] bytes; in a later one, which may change MaxStreams and Keepalive only, was
// is what was said before.
func AppendSettings(b []byte, s, was *Settings, m Metadata) []byte {
	from := len(b)
	b = append(b, make([]byte, HeaderSize+2)...)
	before := was.values()
	count := uint16(0)
	for name, v := range s.values() {
		if v != before[name] {
			count++
			b = binary.LittleEndian.AppendUint16(b, uint16(name))
			b = binary.LittleEndian.AppendUint32(b, v)
		}
	}
	b = append(b, m...)
	NewHeader(len(b)-from-HeaderSize, Setting, 0, 0).Put(b[from:])
	binary.LittleEndian.PutUint16(b[from+HeaderSize:], count)
	return b
}

// ParseSettings returns s as the payload of the first SETTINGS, of at most max bytes, changes it, and the metadata, which aliases
// the payload. By the specification max is [MostSettings].
func ParseSettings(payload []byte, s Settings, max int) (Settings, Metadata, error) {
	if len(payload) > max {
		return s, nil, &Error{Code: TooLarge, Text: fmt.Sprintf("the first SETTINGS of %d bytes, the limit is %d", len(payload), max)}
	}
	s, rest, err := parseSettings(payload, s, true)
	if err != nil {
		return s, nil, err
	}
	m, err := ParseMetadata(rest, max)
	return s, m, err
}

// ParseLaterSettings returns s as the payload of a later SETTINGS changes it.
func ParseLaterSettings(payload []byte, s Settings) (Settings, error) {
	s, rest, err := parseSettings(payload, s, false)
	if err == nil && len(rest) > 0 {
		err = &Error{Code: Protocol, Text: "metadata in a later SETTINGS"}
	}
	return s, err
}

// parseSettings returns the settings, and what is behind them.
func parseSettings(payload []byte, s Settings, first bool) (changed Settings, rest []byte, err error) {
	end := 2 + settingSize*int(binary.LittleEndian.Uint16(payload))
	if end > len(payload) {
		return s, nil, &Error{Code: Malformed, Text: fmt.Sprintf("SETTINGS of %d bytes announces %d", len(payload), end)}
	}
	var seen [1 << 16 / 64]uint64 // a set: 8 KiB of stack, and no look back over up to 65 535 names
	for p := payload[2:end]; len(p) > 0; p = p[settingSize:] {
		name, v := binary.LittleEndian.Uint16(p), binary.LittleEndian.Uint32(p[2:])
		if seen[name/64]>>(name%64)&1 != 0 {
			return s, nil, &Error{Code: Protocol, Text: fmt.Sprintf("setting %d twice", name)}
		}
		seen[name/64] |= 1 << (name % 64)
		if err := checkSetting(name, v, first); err != nil {
			return s, nil, err
		}
		s.set(name, v)
	}
	return s, payload[end:], nil
}

func checkSetting(name uint16, v uint32, first bool) error {
	if name == 0 || int(name) >= settingNames {
		return nil
	}
	b := &settingBounds[name]
	if (v < b.low || v > b.high) && (name != keepalive || v != 0) {
		return &Error{Code: Protocol, Text: fmt.Sprintf("%s of %d is out of bounds", b.name, v)}
	}
	if !first && !b.late {
		return &Error{Code: Protocol, Text: b.name + " in a later SETTINGS"}
	}
	return nil
}

// Check returns an error for a value that is out of bounds.
func (s *Settings) Check() error {
	for name, v := range s.values() {
		if err := checkSetting(uint16(name), v, true); err != nil {
			return err
		}
	}
	return nil
}
