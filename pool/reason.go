package pool

import "fmt"

// A Reason is why a connection was closed.
type Reason uint8

// The reasons. Those of one connection exclude each other: the first counts.
const (
	ReasonIdle      Reason = iota // it was not in use for IdleTimeout
	ReasonLifetime                // it had reached MaxLifetime
	ReasonSurplus                 // there were more than MaxIdle, or than demand needs
	ReasonPeer                    // the peer closed or reset it while it was idle
	ReasonUnread                  // something had arrived that nobody had asked for or read
	ReasonUnmatched               // it was given back while replies were owed
	ReasonError                   // a read or a write had failed
	ReasonPrepare                 // what it is sent first was not answered as it should be
	ReasonProtocol                // the peer broke the rules of the protocol
	ReasonStalled                 // the peer did not answer for too long
	ReasonClient                  // the client that held it has ended
	ReasonDiscarded               // whoever used it did not want it back
	ReasonRemoved                 // its backend was removed or is being drained
	ReasonClosed                  // the pool was closed

	reasons = int(iota)
)

var reasonNames = [reasons]string{
	"idle timeout", "lifetime", "surplus", "closed by peer", "unread bytes", "unmatched", "error", "not prepared", "protocol",
	"stalled", "client gone", "discarded", "backend removed", "pool closed",
}

func (r Reason) String() string {
	if int(r) < reasons {
		return reasonNames[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// blame is the error that a request on a connection closed for r counts as, or nil when the backend had no part in it.
func (r Reason) blame() error {
	switch r {
	case ReasonPeer, ReasonError, ReasonUnmatched, ReasonProtocol, ReasonStalled:
		return errSpoilt
	}
	return nil
}
