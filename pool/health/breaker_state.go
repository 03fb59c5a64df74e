package health

import "errors"

// ErrOpen is for whoever has to say why a request was not sent.
var ErrOpen = errors.New("health: the circuit breaker is open")

// A State of a breaker.
type State uint8

// The states of a breaker.
const (
	Closed   State = iota // everything is let through
	Open                  // nothing is
	HalfOpen              // a few trials are
)

// String is the name of the state.
func (s State) String() string { return [...]string{"closed", "open", "half-open"}[s] }

// An Outcome is what became of a request, as the breaker is concerned.
type Outcome uint8

// The outcomes of a request.
const (
	Success Outcome = iota
	Failure
	Ignored // it says nothing about the backend: it was not sent, or its client went away
)

// OutcomeOf is Failure for an error, and else Success.
func OutcomeOf(err error) Outcome {
	if err != nil {
		return Failure
	}
	return Success
}
