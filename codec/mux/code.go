package mux

import "fmt"

// A Code says why a stream or a connection has ended: section 9 of the specification. Codes from [Application] on belong to
// applications.
type Code uint32

// The codes of the protocol.
const (
	None            Code = iota
	Protocol             // what was received is not allowed there
	BadCredit            // credit was exceeded, or broken
	Limit                // too much of something, or too often
	TooLarge             // a frame, or a message, above its limit
	Malformed            // a payload that cannot be read
	Corrupt              // a checksum that does not fit
	Refused              // nothing was done: it may be tried again
	Cancelled            // nobody waits for it any more
	Deadline             // its time is up
	Internal             // the other side has failed
	Unauthenticated      // who the client is was not believed
	Ended                // data behind its end
	Timeout              // the handshake, a frame or a sign of life did not come in time

	codes = iota

	// Application is the first code of applications.
	Application Code = 256
)

var codeNames = [codes]string{
	"NONE", "PROTOCOL", "CREDIT", "LIMIT", "TOO_LARGE", "MALFORMED", "CORRUPT", "REFUSED", "CANCELLED", "DEADLINE", "INTERNAL",
	"UNAUTHENTICATED", "ENDED", "TIMEOUT",
}

// String returns the name of the code in the specification.
func (c Code) String() string {
	if c < codes {
		return codeNames[c]
	}
	return fmt.Sprintf("code %d", uint32(c))
}

// An Error is an error of a stream, or of the connection when Stream is 0.
type Error struct {
	Code   Code
	Stream uint32
	Remote bool   // the other side has said it
	Text   string // for people, at most [MostText] bytes of UTF-8
}

// MostText is the most bytes of text that go with a code.
const MostText = 1024

// Error implements error.
func (e *Error) Error() string {
	what := "mux connection"
	if e.Stream != 0 {
		what = fmt.Sprintf("mux stream %d", e.Stream)
	}
	if e.Remote {
		what += ", said by the peer"
	}
	if e.Text == "" {
		return fmt.Sprintf("%s: %v", what, e.Code)
	}
	return fmt.Sprintf("%s: %v: %s", what, e.Code, e.Text)
}

// Is makes errors.Is compare codes: a target that is an *Error with Stream 0 and without text stands for all errors of its code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && (t.Stream == 0 || t.Stream == e.Stream) && (t.Text == "" || t.Text == e.Text)
}
