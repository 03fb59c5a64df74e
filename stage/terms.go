package stage

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Limits bound what one connection may cost, in memory and in time. A time of 0 means no limit.
type Limits struct {
	InFlight int // requests decoded and not yet written back; at the bound the connection is not read
	OutLow   int // bytes; at or below, a connection that was stopped for its output is read again
	OutHigh  int // bytes that wait for the peer; above, the connection is not read
	OutHard  int // bytes; a connection over it that is to be sent more is closed with [ErrSlowReader]
	OutTotal int // bytes that wait for all peers of a source; over it so is a connection above OutHigh. 0 is no limit

	FirstMessage time.Duration // from accept to the first complete message
	Read         time.Duration // from the first byte of a later message to its last
	Write        time.Duration // for which the peer takes none of what waits for it
	Idle         time.Duration // without anything received, answered or in flight
}

// DefaultLimits suit requests and answers of up to some kilobytes. OutHigh is a quarter of what Linux lets a loopback
// socket buffer by default, so that a peer is stopped by its own kernel's window first; OutHard is the answers to a full
// window of requests of 1 KiB; OutTotal is what a thousand peers that read nothing may hold then.
var DefaultLimits = Limits{
	InFlight: 1024,
	OutLow:   16 << 10, OutHigh: 64 << 10, OutHard: 1 << 20, OutTotal: 1 << 30,
	FirstMessage: 10 * time.Second, Read: 30 * time.Second, Write: 30 * time.Second, Idle: 60 * time.Second,
}

// Validate says what is wrong with l, in a sentence.
func (l Limits) Validate() error {
	switch {
	case l.InFlight < 1 || l.InFlight > 1<<20:
		return fmt.Errorf("requests in flight must be between 1 and %d, not %d", 1<<20, l.InFlight)
	case l.OutLow < 0 || l.OutLow > l.OutHigh || l.OutHigh > l.OutHard || l.OutHard < 1:
		return fmt.Errorf("output marks must rise from low to high to hard, not %d, %d, %d", l.OutLow, l.OutHigh, l.OutHard)
	case l.OutTotal != 0 && l.OutTotal < l.OutHard:
		return fmt.Errorf("the output of all connections, %d, must be at least that of one, %d", l.OutTotal, l.OutHard)
	case min(l.FirstMessage, l.Read, l.Write, l.Idle) < 0:
		return fmt.Errorf("a time limit is negative")
	}
	return nil
}

// Terms are what all connections of one source share.
type Terms struct {
	Limits
	// Now is the source's coarse clock, in nanoseconds since some moment of its own. Only the source advances it; it
	// starts at 1 or later, because 0 stands for "not waiting".
	Now atomic.Int64
	// Ignored counts answers to tickets that had been settled before.
	Ignored atomic.Uint64
	// Failed is set by a source whose connections are sockets of datagrams: many peers send through one of them, so what
	// would end a connection costs the message alone. It is told the reason, by any lane, perhaps with the connection's lock
	// held, and must not call back.
	Failed func(reason error)

	held atomic.Int64  // bytes that wait for peers, but for answers before their turn
	ids  atomic.Uint64 // the latest number of a connection
}

// Overdue returns why a connection has used up its time, or nil. Sources ask it after they have advanced their clock.
func (c *Conn) Overdue() error {
	l, now := &c.terms.Limits, c.terms.Now.Load()
	since := func(t int64) time.Duration { return time.Duration(now - t) }
	c.mu.Lock()
	defer c.mu.Unlock()
	begun, halted := c.begun.Load(), c.pause != 0
	owes := c.issued.Load() != c.expect || c.out != nil
	switch {
	case c.dead:
		return nil
	case l.Write > 0 && c.out != nil && since(c.out.stuck) > l.Write:
		return ErrWriteTimeout
	case l.FirstMessage > 0 && !c.answered.Load() && since(begun) > l.FirstMessage:
		return ErrFirstMessage
	case l.Read > 0 && c.answered.Load() && begun != 0 && !halted && !c.ended && since(begun) > l.Read:
		return ErrReadTimeout
	case l.Idle > 0 && !owes && since(c.active.Load()) > l.Idle:
		return ErrIdle
	}
	return nil
}

// Received tells the sweep of timeouts that the peer has sent something. The reading lane calls it.
func (c *Conn) Received() {
	if now := c.terms.Now.Load(); c.active.Load() != now {
		c.active.Store(now)
	}
}
