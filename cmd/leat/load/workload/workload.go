package workload

import "errors"

// Requests makes the requests of one user, one after the other.
type Requests interface {
	// Append appends the next request to b. It appends at most Spec.RequestBytes bytes.
	Append(b []byte) []byte
}

// Replies judges the stream of replies to the requests of one user. It works on whatever part of the stream a read returned
// and keeps no bytes of it, so a reply may be larger than the read buffer.
type Replies interface {
	// Discard passes over what is left of a reply that was found wrong, and returns what follows. It is called before Next.
	Discard(b []byte) []byte
	// Next consumes from b, which is not empty, as much as the current reply needs and judges it. A wrong reply is judged as early as
	// it shows: a length that is garbage must not hide behind a timeout. Discard then finds where the next reply begins.
	Next(b []byte) (rest []byte, v Verdict)
	// Refusal is the text of the error that made Next say Wrong, or empty if the reply was wrong in another way. It is valid
	// until the next call.
	Refusal() []byte
	// Why describes the first reply that was wrong, for a person.
	Why() string
	// Partial is how many bytes of the current reply have arrived.
	Partial() int
	// Clean reports whether the stream is between two replies.
	Clean() bool
	// Skip gives n replies up, the current one first: they will not come, and what follows is a new stream.
	Skip(n int64)
}

// A Verdict is what is known of a reply.
type Verdict uint8

const (
	Incomplete Verdict = iota // its end has not arrived
	Right
	Wrong
	Broken // it is wrong in such a way that nobody can tell where the next one begins
)

// ErrBroken is what ends a stream that was judged Broken.
var ErrBroken = errors.New("the server's bytes are no reply of the protocol")
