// Package line cuts a stream of text into lines.
//
//	p.From(tcp.Listen(addr)).
//		Via("decode", codec.Decode(line.Text(64<<10))).
//		To("reply", sinks.Reply(line.Text(64<<10)))
//
// A line may arrive one byte at a time: each connection remembers how far it has searched, so that a line costs time in
// proportion to its length.
package line

import (
	"errors"
	"fmt"

	"github.com/leat-io/leat/stage"
)

// A Line is one message. Text is the line without its terminator; it need not be UTF-8 and may hold any byte but \n. A
// decoded text aliases the buffer that it was decoded from, and its capacity ends where it ends, so that an append to it
// copies.
type Line struct {
	stage.Head
	Text []byte
}

// A Codec decodes and encodes lines and tells a peer why it was refused. Any number of connections and lanes may use one
// value at once; what is remembered of a connection is in the decoder that NewDecoder makes for it.
type Codec interface {
	stage.PerConn[Line]
	stage.Encoder[Line]
	stage.Refuser
}

var (
	// ErrTooLong is a line over the limit of its codec, received or to be sent. The error that wraps it says the limit, in
	// bytes of text.
	ErrTooLong = errors.New("line over the limit")

	// ErrNewline is a text that cannot be sent as one line because it holds a \n.
	ErrNewline = errors.New("line: text holds a newline")
)

// Text is lines of 0 to max bytes that end with \n or \r\n; the terminator does not count. A \r elsewhere is text. A line
// over max is an [ErrTooLong] as soon as no terminator can make it legal, that is at most two bytes later. Text panics
// unless max is positive.
//
// Append ends a line with \n, and with \r\n when the text ends with \r, which the peer would otherwise take for a part of
// the terminator. A refusal is one line such as
//
//	error: line over the limit of 65536 bytes
func Text(max int) Codec {
	if max < 1 {
		panic(fmt.Sprintf("line.Text: the limit must be at least 1 byte, not %d", max))
	}
	return &text{max: max}
}
