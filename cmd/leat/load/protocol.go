package load

import "encoding/binary"

// A Protocol says how messages are told apart on the wire.
type Protocol string

const (
	Raw   Protocol = "raw"   // no framing: a reply has as many bytes as its request
	Frame Protocol = "frame" // a length of 4 bytes, big endian, not counting itself, then the payload
	Line  Protocol = "line"  // the payload, then "\n"
)

// A Reply says which payload answers a request.
type Reply string

const (
	Echo  Reply = "echo"  // the payload of the request
	Upper Reply = "upper" // the payload of the request in ASCII upper case
)

const frameHeader = 4

// wireSize is the number of bytes a message with a payload of size bytes takes.
func (p Protocol) wireSize(size int) int {
	switch p {
	case Frame:
		return frameHeader + size
	case Line:
		return size + 1
	default:
		return size
	}
}

// put writes the message that pat describes; b has exactly its wire size.
func (p Protocol) put(b []byte, pat *pattern) {
	switch p {
	case Frame:
		binary.BigEndian.PutUint32(b, uint32(len(b)-frameHeader))
		pat.fill(b[frameHeader:])
	case Line:
		pat.fill(b[:len(b)-1])
		b[len(b)-1] = '\n'
	default:
		pat.fill(b)
	}
}
