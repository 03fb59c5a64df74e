package plainmux

import "fmt"

// A Code says why a stream or a connection ended (section 9). Those from 256 on are the application's own.
type Code uint32

// The codes of the protocol.
const (
	None            Code = 0
	Protocol        Code = 1
	Credit          Code = 2
	Limit           Code = 3
	TooLarge        Code = 4
	Malformed       Code = 5
	Corrupt         Code = 6
	Refused         Code = 7
	Cancelled       Code = 8
	Deadline        Code = 9
	Internal        Code = 10
	Unauthenticated Code = 11
	Ended           Code = 12
	Timeout         Code = 13
	Application     Code = 256
)

// An Error is the end of a stream or of a connection.
type Error struct {
	Code   Code
	Text   string
	Remote bool // the other side said so
}

func (e *Error) Error() string {
	who := "this side"
	if e.Remote {
		who = "the other side"
	}
	return fmt.Sprintf("plainmux: code %d of %s: %s", e.Code, who, e.Text)
}

func fault(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}
