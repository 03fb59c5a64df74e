package load

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/leat-io/leat/cmd/leat/load/workload"
)

// A Kind is why a request, or the opening of a connection, failed.
type Kind string

const (
	DialFailed Kind = "dial"        // a connection could not be opened
	NoPort     Kind = "no port"     // the same, because no local port was free for it
	Reset      Kind = "reset"       // the connection was reset, or broken when it was written to
	TimedOut   Kind = "timeout"     // the oldest request in flight on the connection went unanswered for Config.Timeout
	EOF        Kind = "eof"         // the server closed the connection before the reply
	Mismatch   Kind = "mismatch"    // the reply was wrong, or bytes came that nothing had asked for
	ErrorReply Kind = "error reply" // the server answered with an error; there is an entry for each text
	Backlog    Kind = "backlog"     // open loop: due within the run and still not sent Config.Timeout after its end
	Other      Kind = "other"       // any other error of the connection
)

// kinds are those of failures; an ErrorReply is counted apart.
var kinds = [...]Kind{DialFailed, NoPort, Reset, TimedOut, EOF, Mismatch, Backlog, Other}

var (
	errTimeout = errors.New("no reply within the timeout")
	errExtra   = errors.New("the server sent more than was asked for")
)

// kindOf classifies what ended a connection.
func kindOf(err error) Kind {
	switch {
	case errors.Is(err, errTimeout), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	case errors.Is(err, errExtra), errors.Is(err, workload.ErrBroken):
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

// merge adds what another one holds.
func (f failures) merge(from failures) {
	for k, n := range from.count {
		f.add(k, n, from.example[k])
	}
}

// list is an entry for each kind that occurred.
func (f failures) list() []Errors {
	list := []Errors{}
	for _, k := range kinds {
		if f.count[k] > 0 {
			list = append(list, Errors{k, f.count[k], f.example[k]})
		}
	}
	return list
}
