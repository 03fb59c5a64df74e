package workload

import "encoding/binary"

// A Protocol says how messages are told apart on the wire.
type Protocol string

const (
	Raw   Protocol = "raw"   // no framing: a reply has as many bytes as its request
	Frame Protocol = "frame" // a length of 4 bytes, big endian, not counting itself, then the payload
	Line  Protocol = "line"  // the payload, then "\n"
	RESP  Protocol = "resp"  // the commands of Redis, in version 2 of its protocol
)

// A Reply says which payload answers a request of raw, frame and line.
type Reply string

const (
	Echo  Reply = "echo"  // the payload of the request
	Upper Reply = "upper" // the payload of the request in ASCII upper case
)

var (
	protocols = []Protocol{Raw, Frame, Line, RESP}
	answers   = []Reply{Echo, Upper}
)

// Protocols are the words for Spec.Protocol.
func Protocols() []string { return words(protocols) }

// Answers are the words for Spec.Reply.
func Answers() []string { return words(answers) }

// Commands are the words for Spec.Request.
func Commands() []string { return words(requests) }

func words[T ~string](values []T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

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

// framedRequests are those of raw, frame and line.
type framedRequests struct {
	protocol Protocol
	wire     int
	next     pattern
}

func (r *framedRequests) Append(b []byte) []byte {
	b = grow(b, r.wire)
	r.protocol.put(b[len(b)-r.wire:], &r.next)
	r.next.next()
	return b
}

// grow makes b longer by n bytes.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b[:len(b)+n]
	}
	return append(b, make([]byte, n)...)
}
