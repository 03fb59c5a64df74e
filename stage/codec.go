package stage

import "errors"

// ErrSkip is what a [Decoder] returns with the number of bytes at the front of b that are no message and mean nothing, such as
// empty lines between requests: they are dropped, and what follows is decoded.
var ErrSkip = errors.New("bytes that are no message")

// A Decoder finds messages at the front of a buffer. It is a pure function in the manner of bufio.SplitFunc.
//
// Decode fills *v, which is zero and owned by the lane, from the front of b and returns how many bytes the message took.
// It returns 0 when it needs more bytes, or -k when it needs at least k bytes in all: with the larger answer a message
// that drips in costs time in proportion to its length. Slices in *v alias b. An error, but for [ErrSkip], means that the peer
// broke the protocol; nothing behind it can be decoded, so the connection ends when the requests before it are answered.
//
// A decoder must check a length against its limit before it asks for that many bytes.
type Decoder[T any] interface {
	Decode(b []byte, v *T) (n int, err error)
}

// A PerConn is a Decoder that must remember something between calls, such as how far it has searched for a delimiter.
// NewDecoder makes the instance that serves one connection; Decode of the original is not called.
type PerConn[T any] interface {
	Decoder[T]
	NewDecoder() Decoder[T]
}

// A Refuser is a Decoder that can tell the peer why it is refused: AppendRefusal appends the protocol's form of err. It is
// sent behind the answers to the requests that came before.
type Refuser interface {
	AppendRefusal(b []byte, err error) []byte
}

// An Encoder appends the wire form of *v to b. An error fails the connection that *v answers.
type Encoder[T any] interface {
	Append(b []byte, v *T) ([]byte, error)
}

// An Unordered decoder is one of a protocol that answers in any order: its messages get no tickets, nothing bounds how many
// are in flight, and a connection closes without waiting for them. Such a protocol has numbers, credit and an end of its own.
type Unordered interface {
	Unordered()
}
