package pool

import (
	"errors"
	"fmt"
	"time"
)

// ErrClosed is the error of a pool that is closed or being closed.
var ErrClosed = errors.New("the pool is closed")

// An ExhaustedError says that a backend has as many connections as it may.
type ExhaustedError struct {
	Backend string
	Open    int
}

func (e *ExhaustedError) Error() string {
	return fmt.Sprintf("backend %s: all of the %d connections that may be open are in use", e.Backend, e.Open)
}

// ErrExhausted is what every [ExhaustedError] is, for errors.Is.
var ErrExhausted = errors.New("all connections are in use")

// Is implements what errors.Is asks.
func (e *ExhaustedError) Is(target error) bool { return target == ErrExhausted }

// whole is err with what a person must know.
func (b *backend) whole(err error) error {
	if err == ErrExhausted {
		return &ExhaustedError{Backend: b.member.Name, Open: b.pool.limits.MaxOpen}
	}
	return err
}

// A DialError says that a backend could not be connected to.
type DialError struct {
	Backend, Address string
	Err              error
}

func (e *DialError) Error() string {
	return fmt.Sprintf("backend %s at %s cannot be reached: %v", e.Backend, e.Address, e.Err)
}

// Unwrap returns why.
func (e *DialError) Unwrap() error { return e.Err }

// A BackoffError says that a backend was not dialed, because it could not be reached a moment ago.
type BackoffError struct {
	Backend string
	Until   time.Time // when it is dialed again
	Err     error     // of the last dial
}

func (e *BackoffError) Error() string {
	return fmt.Sprintf("backend %s is not dialed before %s: %v", e.Backend, e.Until.Format("15:04:05.000"), e.Err)
}

// Unwrap returns the error of the last dial.
func (e *BackoffError) Unwrap() error { return e.Err }
