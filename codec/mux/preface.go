package mux

import (
	"encoding/binary"
	"fmt"
)

// Version is the version of the protocol that this package speaks.
const Version = 1

// PrefaceSize is the length of a preface in bytes.
const PrefaceSize = 16

const magic = "leatmux\n"

// Features are what a side offers, or what a connection uses.
type Features uint32

// The features: section 1 of the specification.
const (
	Checksums Features = 1 << iota // every frame behind the SETTINGS carries a checksum
	S2                             // DATA may be compressed with S2
	Zstandard                      // DATA may be compressed with Zstandard
)

// A Preface is the first thing that each side sends.
type Preface struct {
	Low, High uint8 // the versions that the side speaks
	Features  Features
}

// Append appends the preface to b.
func (p Preface) Append(b []byte) []byte {
	b = append(append(b, magic...), p.Low, p.High, 0, 0)
	return binary.LittleEndian.AppendUint32(b, uint32(p.Features))
}

// ParsePreface returns the preface at the front of b, which has at least [PrefaceSize] bytes.
func ParsePreface(b []byte) (Preface, error) {
	b = b[:PrefaceSize]
	if string(b[:len(magic)]) != magic {
		return Preface{}, &Error{Code: Protocol, Text: fmt.Sprintf("%q is not the preface of the mux protocol", b[:len(magic)])}
	}
	p := Preface{b[8], b[9], Features(binary.LittleEndian.Uint32(b[12:]))}
	if p.Low < 1 || p.High < p.Low || b[10] != 0 || b[11] != 0 {
		return Preface{}, &Error{Code: Protocol, Text: fmt.Sprintf("a preface with the malformed versions % x", b[8:12])}
	}
	return p, nil
}

// Negotiate returns the version and the features of a connection whose sides have sent a and b.
func Negotiate(a, b Preface) (version uint8, f Features, err error) {
	version = min(a.High, b.High)
	if version < a.Low || version < b.Low {
		return 0, 0, &Error{Code: Protocol, Text: fmt.Sprintf("no common version: %d to %d, and %d to %d", a.Low, a.High, b.Low, b.High)}
	}
	return version, a.Features & b.Features, nil
}
