// Package frame cuts a stream of bytes into frames: after a length prefix, at a fixed size, or as the reads happened to
// arrive. Each codec is both a decoder and an encoder.
//
//	p.From(tcp.Listen(addr)).
//		Via("decode", codec.Decode(frame.Length32(1<<20))).
//		To("reply", sinks.Reply(frame.Length32(1<<20)))
//
// A length is checked against the limit as soon as its prefix is complete, before anything waits for that many bytes, let
// alone asks for memory. Decoding allocates nothing: a payload is a slice of what was read.
package frame

import (
	"errors"
	"fmt"
	"math"

	"github.com/leat-io/leat/stage"
)

// A Frame is one message. Payload is what the frame carries, without its prefix. A decoded payload aliases the buffer that
// it was decoded from, and its capacity ends where it ends, so that an append to it copies.
type Frame struct {
	stage.Head
	Payload []byte
}

// A Codec is one wire form of frames. It keeps no state: any number of connections and lanes may use one value at once.
type Codec interface {
	stage.Decoder[Frame]
	stage.Encoder[Frame]
}

var (
	// ErrTooLong is a frame over the limit of its codec, received or to be sent. The error that wraps it says both sizes,
	// in bytes of payload.
	ErrTooLong = errors.New("over the limit")

	// ErrVarint is a prefix of [Uvarint] that is no shortest form of a 64-bit number.
	ErrVarint = errors.New("frame: malformed varint")

	// ErrSize is a payload that a codec of [Fixed] frames cannot send because it is shorter or longer.
	ErrSize = errors.New("frame: wrong size")
)

// tooLong stays out of line to keep fmt out of the decoders.
//
//go:noinline
func tooLong(n, max uint64) error {
	return fmt.Errorf("frame of %d bytes is %w of %d", n, ErrTooLong, max)
}

// limit is max, or less where a frame of max bytes could not be told: a prefix goes up to most, and prefix and payload
// together must not overflow an int, which has 32 bits on some machines.
func limit(who string, max int, most uint64, header int) uint64 {
	if max < 1 {
		panic(fmt.Sprintf("frame.%s: the limit must be at least 1 byte, not %d", who, max))
	}
	return min(uint64(max), most, uint64(math.MaxInt-header))
}
