package stage

import (
	"errors"
	"net/netip"
	"time"
)

// Accepted is a connection that has been accepted and of which nothing was read but First. A sink takes it over with Take. One
// that no sink has taken when its batch ends is closed, which is counted; so to filter one out is to close it.
type Accepted struct {
	Head
	Client netip.AddrPort // who it comes from
	Server netip.AddrPort // what it came to; both are zero where there is no such address, as for unix sockets
	Hello  *Hello         // what a TLS client has asked for, where the source was told to look; else nil
	First  []byte         // what was read already, to be passed on before anything else; borrowed until the batch ends
}

// A Hello is what the first message of a TLS client says without being decrypted (RFC 8446 section 4.1.2).
type Hello struct {
	ServerName string   // of server_name (RFC 6066), in lower case; empty when the client named none
	Protocols  []string // of application_layer_protocol_negotiation (RFC 7301), in its order
}

// ErrNotOffered is why a message cannot be taken over: it was not accepted by a source that gives connections away, or
// somebody has taken it, or it is closed.
var ErrNotOffered = errors.New("the connection cannot be taken over: it is closed, or somebody has it")

// Take takes the connection over. The descriptor does not block; whoever has it closes it, and then calls End of the seat once.
// The source tells the holder when its connections are to end.
func (a *Accepted) Take(h Holder) (fd int, s Seat, err error) {
	if a.conn != nil {
		if o, ok := a.conn.port.(Offer); ok {
			return o.Take(h)
		}
	}
	return -1, nil, ErrNotOffered
}

// An Offer is a [Port] of a connection that can be taken over. Its Take is that of [Accepted], and safe for any lane.
type Offer interface {
	Take(h Holder) (fd int, s Seat, err error)
}

// A Seat is the place of a connection that was taken over among those that its source counts and bounds.
type Seat interface {
	// End gives the place back with why the connection was closed, which is counted by [LabelOf]. Any goroutine may call it.
	End(reason error)
}

// A Holder is a sink that takes connections over, on one lane.
type Holder interface {
	// Cut closes all connections that the holder still has: the time to drain them is over. It returns at once, and any
	// goroutine may call it, more than once.
	Cut()
}

// An Upstream says where an accepted connection is to go. All lanes share it.
type Upstream interface {
	// Route picks a backend. When failed is not nil it is the route that this connection was given before and that could not
	// be connected to: another one is better, if there is one. It must not wait. It must not keep a, and of a second call for
	// the same connection, and behind a handshake of TLS, the Head of a is zero.
	Route(a *Accepted, failed Route) (Route, error)
}

// A Route is where one connection goes, and who is told of it. Either Failed is called, once, or Connected and then Ended. Like
// Route of [Upstream] they must not wait.
type Route interface {
	Name() string    // of the backend
	Address() string // host:port or unix:path

	// Connected says that the backend has accepted, and how long that took.
	Connected(took time.Duration)
	// Failed says that it could not be connected to, or with [ErrAbandoned] that nobody wants it any more.
	Failed(err error)
	// Ended says that the connection is closed.
	Ended()
}

// ErrAbandoned is what a route fails with that was given up before it was known whether the backend accepts, because the
// client is gone. It says nothing of the backend.
var ErrAbandoned = errors.New("the client is gone before its backend was connected")
