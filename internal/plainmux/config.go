package plainmux

import (
	"fmt"
	"time"
)

// Checksums is the feature that puts a checksum on every frame; the only one that this package has.
const Checksums uint32 = 1

// A Config is what a side brings to a connection. The zero value has the defaults of the specification and offers no feature.
type Config struct {
	Settings      *Settings     // nil is DefaultSettings
	Features      uint32        // bits offered; a Conn offers only Checksums of them
	Metadata      []Pair        // about the connection, in the first SETTINGS
	Limits        *Limits       // nil is DefaultLimits
	HandshakeTime time.Duration // 0 is 5 s
	FrameTime     time.Duration // 0 is 30 s
	MaxMessage    uint32        // bytes; 0 is 16 MiB

	// Authenticate, of a server, looks at the metadata of the client before any stream is read. An error refuses the client with
	// UNAUTHENTICATED and its text.
	Authenticate func([]Pair) error
}

// Limits are what a receiver bears (section 10).
type Limits struct {
	ResetsPerSecond     int
	PingsPerSecond      int
	SettingsPerMinute   int
	EmptyDataPerSecond  int
	PrioritiesPerSecond int
	GoAwaysPerMinute    int
	ControlBacklog      int // frames of control that wait to be written
}

// DefaultLimits are those of the specification.
func DefaultLimits() Limits {
	return Limits{ResetsPerSecond: 200, PingsPerSecond: 10, SettingsPerMinute: 4, EmptyDataPerSecond: 100, PrioritiesPerSecond: 1000, GoAwaysPerMinute: 4, ControlBacklog: 1024}
}

func (c Config) filled() (Config, error) {
	settings, limits := DefaultSettings(), DefaultLimits()
	if c.Settings != nil {
		settings = *c.Settings
	}
	if c.Limits != nil {
		limits = *c.Limits
	}
	c.Settings, c.Limits = &settings, &limits
	if c.HandshakeTime == 0 {
		c.HandshakeTime = 5 * time.Second
	}
	if c.FrameTime == 0 {
		c.FrameTime = 30 * time.Second
	}
	if c.MaxMessage == 0 {
		c.MaxMessage = 16 << 20
	}
	for name := range settingBounds {
		if v := *settings.field(name); !inBounds(name, v) {
			return c, fmt.Errorf("plainmux: setting %d is %d, which is out of the bounds of the specification", name, v)
		}
	}
	if err := checkMetadata(c.Metadata, maxGreeting); err != nil {
		return c, err
	}
	if n := len(c.greeting()); n > maxGreeting {
		return c, fmt.Errorf("plainmux: the first SETTINGS has %d bytes, more than %d: shorten the metadata", n, maxGreeting)
	}
	return c, nil
}

// greeting is the payload of the first SETTINGS.
func (c Config) greeting() []byte {
	names := []uint16{nameMaxFrame, nameStreamWindow, nameConnectionWindow, nameMaxStreams, nameKeepalive, nameMaxMetadata}
	return appendMetadata(c.Settings.append(nil, names...), c.Metadata)
}
