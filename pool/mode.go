package pool

import "fmt"

// A Mode is how a pipeline uses the connections to a backend for requests whose lease is [Shared].
type Mode struct {
	name    string
	shared  int    // connections that all clients of a thread share; 0 gives each client its own
	flights int    // requests in flight on each
	uses    uint64 // after which a connection is closed; 0 is never
}

// DefaultMode suits protocols that answer in order.
var DefaultMode = Pipelined(1, 1024)

// Pipelined shares a few connections for each thread among all clients: what they send in one turn goes out in one write. A
// client always has the same one of them. At most so many requests are in flight on a connection; more wait.
func Pipelined(conns, flights int) Mode {
	return Mode{name: "pipelined", shared: conns, flights: flights}
}

// Exclusive gives a client a connection for as long as it has requests in flight.
func Exclusive() Mode { return Mode{name: "exclusive", flights: mostFlights} }

// None is Exclusive with a new connection each time, for comparison.
func None() Mode { return Mode{name: "none", flights: mostFlights, uses: 1} }

// mostFlights is the most requests in flight on one connection.
const mostFlights = 1 << 20

func (m Mode) String() string { return m.name }

func (m Mode) validate() error {
	switch {
	case m.name == "":
		return fmt.Errorf("the mode must be Pipelined, Exclusive or None")
	case m.name == "pipelined" && (m.shared < 1 || m.shared > MostOpen):
		return fmt.Errorf("connections to a backend that clients share must be between 1 and %d, not %d", MostOpen, m.shared)
	case m.flights < 1 || m.flights > mostFlights:
		return fmt.Errorf("requests in flight on a connection must be between 1 and %d, not %d", mostFlights, m.flights)
	}
	return nil
}
