package pool

import (
	"fmt"
	"time"
)

// Limits bound what the connections to one backend may cost.
//
// An idle connection is closed when three quarters to all of IdleTimeout have passed, drawn for each, and what MinIdle lacks
// then is dialed anew. So no request meets a connection that the backend has closed for being idle, when IdleTimeout is
// shorter than the backend's by more than a request takes from Get to the backend.
type Limits struct {
	MinIdle  int // kept open and not in use, dialed ahead of demand
	MaxOpen  int // at a time, with those that are being dialed
	MaxIdle  int // not in use; one more that is given back is closed
	MaxDials int // dials at a time; more wait in the order in which they came

	MaxWaiting int // for a connection, beside those for whom one is being dialed; one more fails at once, and with 0 all do

	IdleTimeout    time.Duration // one that was not in use for so long is never used again; 0 is forever
	MaxLifetime    time.Duration // since it was opened; whoever uses it then is not disturbed. 0 is forever
	LifetimeJitter float64       // the share of MaxLifetime, drawn for each, by which it is shorter

	DialTimeout time.Duration // for one dial, with the handshake of TLS
	Backoff     time.Duration // for which nobody dials after a failure; it doubles with each further one
	MaxBackoff  time.Duration // which that never exceeds

	KeepAlive   time.Duration // of silence after which the peer is probed, three times at a third of this; 0 is never
	UserTimeout time.Duration // for which the peer may leave what was sent unacknowledged (RFC 5482, where the system has it); 0 is the system's
}

// MostOpen is the most that MaxOpen may be: an address and a port of a backend have no more ports of ours.
const MostOpen = 1<<16 - 1

// DefaultLimits suit a service in the same data centre. An idle connection is closed after 60 s, before the servers and
// firewalls that close it after 75 s or more; TCP gives a peer up after 30 s, whether something was sent to it (UserTimeout)
// or not (KeepAlive, twice its value).
var DefaultLimits = Limits{
	MaxOpen: 128, MaxIdle: 128, MaxDials: 16, MaxWaiting: 1 << 16,
	IdleTimeout: 60 * time.Second, MaxLifetime: time.Hour, LifetimeJitter: .1,
	DialTimeout: 5 * time.Second, Backoff: 50 * time.Millisecond, MaxBackoff: 10 * time.Second,
	KeepAlive: 15 * time.Second, UserTimeout: 30 * time.Second,
}

// Validate says what is wrong with l, in a sentence.
func (l Limits) Validate() error {
	switch {
	case l.MaxOpen < 1 || l.MaxOpen > MostOpen:
		return fmt.Errorf("open connections must be between 1 and %d, not %d", MostOpen, l.MaxOpen)
	case l.MinIdle < 0 || l.MinIdle > l.MaxIdle || l.MaxIdle > l.MaxOpen:
		return fmt.Errorf("idle connections must be between MinIdle and MaxIdle, and those at most MaxOpen, not %d, %d, %d", l.MinIdle, l.MaxIdle, l.MaxOpen)
	case l.MaxDials < 1:
		return fmt.Errorf("dials at a time must be at least 1, not %d", l.MaxDials)
	case l.MaxWaiting < 0:
		return fmt.Errorf("MaxWaiting must not be negative: it is %d", l.MaxWaiting)
	case !(l.LifetimeJitter >= 0 && l.LifetimeJitter < 1):
		return fmt.Errorf("the jitter of the lifetime must be at least 0 and below 1, not %v", l.LifetimeJitter)
	case l.DialTimeout <= 0:
		return fmt.Errorf("the time limit of a dial must be more than 0, not %v", l.DialTimeout)
	case l.Backoff <= 0 || l.MaxBackoff < l.Backoff:
		return fmt.Errorf("the backoff must be more than 0 and at most MaxBackoff, not %v, %v", l.Backoff, l.MaxBackoff)
	case min(l.IdleTimeout, l.MaxLifetime, l.KeepAlive, l.UserTimeout) < 0:
		return fmt.Errorf("a time limit is negative")
	}
	return nil
}
