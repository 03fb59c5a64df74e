package load

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
)

// A Kind is why a request, or the opening of a connection, failed.
type Kind string

const (
	DialFailed Kind = "dial"     // a connection could not be opened
	Reset      Kind = "reset"    // the connection was reset, or broken when it was written to
	TimedOut   Kind = "timeout"  // the oldest request in flight on the connection went unanswered for Config.Timeout
	EOF        Kind = "eof"      // the server closed the connection before the reply
	Mismatch   Kind = "mismatch" // the reply was wrong, or bytes came that nothing had asked for
	Backlog    Kind = "backlog"  // open loop: due within the run and still not sent Config.Timeout after its end
	Other      Kind = "other"    // any other error of the connection
)

var kinds = [...]Kind{DialFailed, Reset, TimedOut, EOF, Mismatch, Backlog, Other}

var (
	errTimeout = errors.New("no reply within the timeout")
	errExtra   = errors.New("the server sent more than was asked for")
)

// kindOf classifies what ended a connection.
func kindOf(err error) Kind {
	switch {
	case errors.Is(err, errTimeout), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	case errors.Is(err, errExtra):
		return Mismatch
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return EOF
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		return Reset
	default:
		return Other
	}
}

// failures counts by kind and keeps the first example of each.
type failures struct {
	count   map[Kind]int64
	example map[Kind]string
}

func newFailures() failures {
	return failures{count: map[Kind]int64{}, example: map[Kind]string{}}
}

func (f failures) add(k Kind, n int64, example string) {
	if n == 0 {
		return
	}
	f.count[k] += n
	if f.example[k] == "" {
		f.example[k] = example
	}
}
