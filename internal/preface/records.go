package preface

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Sizes of TLS, in bytes (RFC 8446, sections 4 and 5.1).
const (
	recordHeader  = 5
	maxRecord     = 1 << 14
	messageHeader = 4

	// MaxHello is the most bytes of a ClientHello, with the headers of its records. Those of browsers with post-quantum keys
	// have about 1800.
	MaxHello = recordHeader + maxRecord
)

// Types of records and of messages.
const (
	recordHandshake    = 22
	messageClientHello = 1
)

// ErrNotTLS is of a connection that does not begin with a ClientHello.
var ErrNotTLS = errors.New("the connection does not begin with a ClientHello of TLS")

// clientHello is the body of the ClientHello that b begins with, and how many bytes of b it takes, or below 0 how many are needed.
// The body is a part of b, or a copy when it lies in several records.
func clientHello(b []byte) (body []byte, n int, err error) {
	n, fragmented, err := extent(b)
	switch {
	case err != nil || n < 0:
		return nil, n, err
	case !fragmented:
		return b[recordHeader+messageHeader : n], n, nil
	}
	message := make([]byte, 0, n)
	for rest := b[:n]; len(rest) > 0; {
		size := min(recordHeader+int(binary.BigEndian.Uint16(rest[3:])), len(rest))
		message = append(message, rest[recordHeader:size]...)
		rest = rest[size:]
	}
	return message[messageHeader:], n, nil
}

// extent says how far the first message goes, or below 0 how many bytes it takes at the least.
func extent(b []byte) (n int, fragmented bool, err error) {
	var header [messageHeader]byte
	have, want := 0, messageHeader
	for at := 0; ; fragmented = true {
		size, err := recordSize(b[at:])
		if err != nil {
			return 0, false, err
		}
		if size < 0 {
			return needed(at + recordHeader + want - have)
		}
		part := b[at+recordHeader:]
		part = part[:min(len(part), size)]
		copy(header[min(have, messageHeader):], part)
		if have += len(part); have > 0 && header[0] != messageClientHello {
			return 0, false, fmt.Errorf("%w but with message %d", ErrNotTLS, header[0])
		}
		if have >= messageHeader {
			want = messageHeader + int(binary.BigEndian.Uint32(header[:])&0xffffff)
		}
		at += recordHeader + len(part)
		switch missing := want - have; {
		case missing <= 0 && at+missing <= MaxHello:
			return at + missing, fragmented, nil
		case missing <= size-len(part):
			return needed(at + missing)
		case len(part) < size:
			return needed(at + missing + recordHeader)
		}
	}
}

// needed is n as extent returns it, unless it is too much.
func needed(n int) (int, bool, error) {
	if n > MaxHello {
		return 0, false, fmt.Errorf("the ClientHello has more than %d bytes", MaxHello)
	}
	return -n, false, nil
}

// recordSize is the size of what a record carries, or -1 when its header is not complete.
func recordSize(b []byte) (int, error) {
	if len(b) > 0 && b[0] != recordHandshake || len(b) > 1 && b[1] != 3 {
		return 0, fmt.Errorf("%w but with %q", ErrNotTLS, b[:min(len(b), recordHeader)])
	}
	if len(b) < recordHeader {
		return -1, nil
	}
	size := int(binary.BigEndian.Uint16(b[3:]))
	if size == 0 || size > maxRecord {
		return 0, fmt.Errorf("%w: a record has %d bytes, and must have 1 to %d", ErrNotTLS, size, maxRecord)
	}
	return size, nil
}
