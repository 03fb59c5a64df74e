package plainmux

import (
	"bufio"
	"bytes"
	"fmt"
)

// SetLatest lets a connection be one on which a side has opened many streams.
func SetLatest(opener, other *Conn, number uint32) {
	opener.mu.Lock()
	opener.latest = number
	opener.mu.Unlock()
	other.mu.Lock()
	other.heard = number
	other.mu.Unlock()
}

// ParsePreface is for the examples of the specification.
var ParsePreface = parsePreface

// Decode reads one frame, and its payload as one of a stream of messages that has just been opened. SETTINGS is the first one, or
// with checksums a later one.
func Decode(wire []byte, checked bool) (Frame, error) {
	r := framer{in: bufio.NewReader(bytes.NewReader(wire)), maxFrame: DefaultSettings().MaxFrame, checkedIn: checked}
	if _, f := parseHeader(wire); !checked && f.Type == SettingsType {
		r.maxFrame = maxGreeting
	}
	f, err := r.read()
	if err != nil {
		return f, err
	}
	if r.in.Buffered() > 0 {
		return f, fmt.Errorf("%d bytes are behind the frame", r.in.Buffered())
	}
	return f, parse(f, checked)
}

func parse(f Frame, later bool) error {
	err := checkPayload(f)
	switch {
	case err != nil:
	case f.Type == Open:
		_, err = parseOpening(f.Payload, f.Flags, DefaultSettings().MaxMetadata)
	case f.Type == SettingsType:
		s := DefaultSettings()
		_, err = s.apply(f.Payload, !later)
	case f.Type == Data && f.Flags&Packed != 0:
		s := Stream{opening: Opening{Messages: true}, in: tracker{longest: 1 << 20}}
		if e := s.follow(f); e != nil {
			err = e
		}
	}
	return err
}

// Encode is a frame as it is on the wire.
func Encode(f Frame, checked bool) []byte {
	w := framer{checked: checked}
	f.Flags &^= Checked
	return w.encode(f)
}

// Uvarint is for fuzzing.
var Uvarint = uvarint
