package pool

import (
	"time"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/health"
	"github.com/leat-io/leat/stage"
)

// An entry is a request that has been sent, or is to be, and whose reply has not come.
type entry struct {
	ticket  stage.Ticket
	client  *stage.Conn // that asks; nil for nobody
	note    any
	twin    *twin
	permit  health.Permit
	avoid   *balance.Member // at the next pick
	key     uint64
	n       int           // bytes
	began   time.Duration // when it was sent first, by the clock of its station
	profile uint32
	fence   uint32 // which one it is; 0 is none
	lease   Lease
	tries   uint8 // that have failed
	read    bool
	again   bool // it may be served twice
	first   bool // of its twins, it has been answered
	kept    bool // the client keeps the connection for what follows
}

func (e *entry) route() balance.Request {
	return balance.Request{Key: e.key, Read: e.read, Avoid: e.avoid}
}

// gone says that e is to have a connection for a client that has ended. Whoever forgets the client may have done so already.
func (e *entry) gone() bool {
	return e.lease != Shared && e.client != nil && e.client.Dead() || e.left()
}

// left says that e waits for something to happen and its client does not wait for that any more: what happens would be lost.
func (e *entry) left() bool { return e.lease == Once && e.client != nil && e.client.HungUp() }

// A twin is what the two copies of a hedged request know of one another.
type twin struct {
	answered bool
	left     int8 // copies without an answer
}
