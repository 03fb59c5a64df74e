package pool

import (
	"errors"
	"fmt"
	"time"

	"github.com/leat-io/leat/stage"
)

// A LostError says that the connection on which a request was in flight is lost.
type LostError struct {
	Backend string
	Err     error
}

func (e *LostError) Error() string {
	return fmt.Sprintf("backend %s: the connection was lost: %v", e.Backend, e.Err)
}

// Unwrap returns why.
func (e *LostError) Unwrap() error { return e.Err }

// lossOf is err, or what is to be said of a connection to a backend that is lost over it.
func lossOf(backend string, err error) error {
	switch err.(type) {
	case *DialError, *BackoffError, *TimeoutError, *GreetingError:
		return err
	}
	return &LostError{Backend: backend, Err: err}
}

// A TimeoutError says that a backend has left a request unanswered for too long.
type TimeoutError struct {
	Backend string
	After   time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("backend %s: no reply within %v", e.Backend, e.After.Round(time.Millisecond))
}

// Timeout implements what net.Error asks.
func (e *TimeoutError) Timeout() bool { return true }

// A GreetingError says that a backend does not accept what a fresh connection is sent first.
type GreetingError struct {
	Backend string
	Err     error
}

func (e *GreetingError) Error() string {
	return fmt.Sprintf("backend %s does not accept the greeting: %v", e.Backend, e.Err)
}

// Unwrap returns what it said.
func (e *GreetingError) Unwrap() error { return e.Err }

// reasonOf is why a connection is closed over err.
func reasonOf(err error) Reason {
	if _, ok := errors.AsType[*GreetingError](err); ok {
		return ReasonPrepare
	}
	if errors.Is(err, stage.ErrMalformed) {
		return ReasonProtocol
	}
	return ReasonError
}

var (
	errStopped      = errors.New("the pool has stopped")
	errNoDescriptor = errors.New("the dialer's connection has no descriptor, which a pipeline needs to watch it")
	errForgotten    = errors.New("the client that held it has ended")
	errUnasked      = errors.New("the server has begun a reply that nobody has asked for")
	errBroken       = errors.New("what the client holds is lost, and what belongs to it with that")
	errNoRequest    = errors.New("the encoder has made no bytes of a request")
)
