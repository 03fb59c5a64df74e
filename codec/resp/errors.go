package resp

import "strconv"

// A ProtocolError is what is wrong with bytes that a peer has sent, or with a message that was to be sent. Those of requests
// are in the words of redis, where it has any.
type ProtocolError string

func (e ProtocolError) Error() string { return "resp: " + string(e) }

// What a request is refused for, besides a byte where a $ should stand.
const (
	ErrQuotes            ProtocolError = "unbalanced quotes in request"
	ErrInlineTooLong     ProtocolError = "too big inline request" // or an argument or their number
	ErrCount             ProtocolError = "invalid multibulk length"
	ErrCountTooLong      ProtocolError = "too big mbulk count string"
	ErrBulkLength        ProtocolError = "invalid bulk length"
	ErrBulkLengthTooLong ProtocolError = "too big bulk count string"
	ErrTooLong           ProtocolError = "message over the limit of its bytes" // redis closes without a word
	errEmpty             ProtocolError = "a request without arguments, which nobody would answer"
	errArgs              ProtocolError = "more arguments than the limit"
	errBulk              ProtocolError = "an argument over the limit of its bytes"
)

// What a reply is refused for, besides an unknown type.
const (
	ErrElements  ProtocolError = "invalid number of elements"
	ErrLine      ProtocolError = "line of a reply over the limit"
	ErrLineEnd   ProtocolError = "lone CR or LF in a line of a reply, or none behind a string"
	ErrNumber    ProtocolError = "invalid number"
	ErrVerbatim  ProtocolError = "verbatim string without a format of three bytes"
	ErrStreamed  ProtocolError = "streamed strings and aggregates are not supported; the server must send lengths"
	ErrTooNested ProtocolError = "aggregates nested over the limit"
)

// unexpected stays out of line to keep the text out of the decoders.
//
//go:noinline
func unexpected(got byte) error {
	return ProtocolError("expected '$', got '" + string([]byte{got}) + "'")
}

//go:noinline
func unknownType(got byte) error {
	return ProtocolError("unknown type of a reply: " + strconv.QuoteRune(rune(got)))
}
