package pool

import (
	"fmt"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// Traffic is how a pipeline's requests are treated. The zero value of a field stands for its default where it says so.
type Traffic struct {
	Mode  Mode // DefaultMode
	Loops int  // threads for lanes that are not carried by a reactor; 1

	// Timeout is for how long a reply may be outstanding; 5 s. A connection whose oldest request is older is closed. Requests
	// with the lease Once may wait for ever, unless their client has shut down its side. Negative is no limit, and a guard may have one that follows the latencies.
	Timeout time.Duration
	// Patience is for how long a request may wait for a connection of its own; 1 s.
	Patience time.Duration
	// Waiting is how many requests of one thread may wait for a connection before the lanes that send more stop reading; 4096.
	Waiting int
	// Stored is how many bytes of requests one thread may keep until they are answered, before that; 64 MiB. What a lane has
	// read by then is sent nevertheless.
	Stored int
	// Retries is how often a request may be sent again after its connection was lost; 2. Negative is never. For one of which
	// some bytes had been sent the budget of the guard, if there is one, must have room too.
	Retries int

	// Greeting is what a fresh connection of a profile to a backend is sent first, and to how many replies that leads. They go to
	// Welcome, decoded; an error ends the connection.
	Greeting func(b balance.Backend, profile uint32) (bytes []byte, replies int)
	Welcome  func(reply any) error

	// Fence, if it is set, has the replies on shared connections checked, so that a server that sends one too many or too few
	// costs those whose replies are in doubt an error, and nobody gets the reply of another.
	Fence *Fence

	// Settles says whether a message that comes through a tunnel is the reply to the request of that note, and not one that its
	// server sends by itself. It must be the last one that the server sends because of the request. Without it the ticket of a
	// request with the lease Tunnel is settled at once, and what follows may be answered before the server has said a word.
	Settles func(reply, note any) bool

	// Refusal appends what stands for the reply to a request that could not be served, in the form in which a server would send
	// it. Without it such a request costs its client the connection.
	Refusal func(b []byte, err error) []byte
}

// A Fence is a request of which the reply is known.
type Fence struct {
	// Request appends a request to which the server replies with nonce, which is digits.
	Request func(b, nonce []byte) []byte
	// Is says whether a reply, decoded, is that. On the wire nonce must be followed by two more bytes.
	Is func(reply any, nonce []byte) bool
}

// WithTraffic says how requests of pipelines are treated.
func WithTraffic(t Traffic) Option { return func(p *Pool) { p.traffic = t } }

func (t Traffic) withDefaults() Traffic {
	if t.Mode == (Mode{}) {
		t.Mode = DefaultMode
	}
	fill := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	fill(&t.Timeout, 5*time.Second)
	fill(&t.Patience, time.Second)
	if t.Loops == 0 {
		t.Loops = 1
	}
	if t.Waiting == 0 {
		t.Waiting = 4096
	}
	if t.Stored == 0 {
		t.Stored = 64 << 20
	}
	if t.Retries == 0 {
		t.Retries = 2
	}
	return t
}

// validate says what is wrong with t, in a sentence.
func (t Traffic) validate() error {
	switch {
	case t.Loops < 1 || t.Loops > 1024:
		return fmt.Errorf("threads must be between 1 and 1024, not %d", t.Loops)
	case t.Waiting < 1:
		return fmt.Errorf("requests that may wait must be at least 1, not %d", t.Waiting)
	case t.Stored < 1:
		return fmt.Errorf("the bytes of requests that may be kept must be at least 1, not %d", t.Stored)
	case t.Patience < 0:
		return fmt.Errorf("the time for which a request may wait for a connection is negative")
	}
	return t.Mode.validate()
}
