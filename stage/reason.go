package stage

import "errors"

// A Reason is why a connection was closed by this side. Sources count closed connections by the label.
type Reason struct {
	Label string // one word or two, for counters
	text  string // the label when empty
}

func (r *Reason) Error() string {
	if r.text == "" {
		return r.Label
	}
	return r.text
}

// The reasons that the framework itself has for closing a connection.
var (
	ErrSlowReader   = &Reason{"slow reader", "the peer does not read: more output waits for it than the hard limit allows"}
	ErrBehind       = &Reason{"answers parked", "an answer is late, and more wait behind it than the hard limit of output allows"}
	ErrIdle         = &Reason{"idle", "nothing was received or answered within the idle timeout"}
	ErrFirstMessage = &Reason{"first message", "no complete message within the deadline that began at accept"}
	ErrReadTimeout  = &Reason{"read timeout", "a message was begun and not completed within the read timeout"}
	ErrWriteTimeout = &Reason{"write timeout", "the peer took no byte of what waits for it within the write timeout"}
	ErrMalformed    = &Reason{"malformed", "the peer broke the protocol"}
	ErrPanic        = &Reason{"panic", "a stage panicked"}
	ErrStopped      = &Reason{"stopped", "the pipeline stopped"}
	ErrReset        = &Reason{"reset", "the peer reset the connection"}
	ErrUntaken      = &Reason{"refused by a stage", "no sink has taken the connection over"}
	ErrHandshake    = &Reason{"handshake", "the handshake of TLS failed"}
	ErrTruncated    = &Reason{"truncated", "the peer's stream ended without the close_notify of TLS, so it may have been cut off"}
)

// LabelOf returns the label under which a close for err is counted: "done" for nil, "failed" for an error that wraps no
// [Reason].
func LabelOf(err error) string {
	if err == nil {
		return "done"
	}
	if r, ok := errors.AsType[*Reason](err); ok {
		return r.Label
	}
	return "failed"
}
