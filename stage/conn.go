package stage

import (
	"sync"
	"sync/atomic"
)

// A Port is what a source gives to each of its connections. Write, Want and Shut are called with the connection's lock
// held, from any lane, and must not call back into the connection.
type Port interface {
	// Write sends what the peer takes now and says how much that was. It never waits; taking less is not an error.
	Write(b []byte) (int, error)
	// Want says whether the connection is to be read, and whether [Conn.Writable] is to be called when the peer takes
	// bytes again. It is called when either changes.
	Want(read, write bool)
	// Shut ends the connection at once; the source releases the descriptor when no lane can use it any more. It is
	// called once, with the reason.
	Shut(reason error)
	// Peer names the other side.
	Peer() string
}

// Reading is the part of a connection that belongs to the lane that reads it.
type Reading struct {
	Tail    []byte // undecoded bytes, in memory of their own
	Need    int32  // bytes in all that the decoder has asked for
	Grant   int32  // tickets that may be issued before asking for more
	Stopped bool   // Tail may hold whole messages: look at it again when the connection is read again
	Ended   bool   // nothing more will be decoded
	Alone   bool   // the message decoded last is to be settled before the next is decoded
	Decoder any    // the connection's own decoder, when it has one
	Session any    // what a stage of the reading lane keeps for the connection; it may be a [Closer]
}

// A Closer is a session that wants to know that its connection has ended.
type Closer interface {
	// Closed is called once, when nothing of the connection is read or written any more, on a goroutine of the source.
	// Messages of the connection may still be on their way through other lanes.
	Closed(reason error)
}

// Ended tells the session of a closed connection. The source calls it once, when it reads no more.
func (c *Conn) Ended() {
	if s, ok := c.Reading.Session.(Closer); ok {
		s.Closed(c.Reason())
	}
}

// A Conn is one connection. It owns the order of its answers, the output that waits for the peer, and the decision when to
// close. Any lane may answer through it.
type Conn struct {
	Reading Reading

	port  Port
	terms *Terms
	id    uint64

	Place int32 // of the source: where it keeps the connection

	issued   atomic.Uint32 // tickets given out; only the reading lane adds
	active   atomic.Int64  // Terms.Now of the latest sign of life
	begun    atomic.Int64  // Terms.Now when the message began that is incomplete now, or 0
	answered atomic.Bool   // a first complete message has been decoded
	halted   atomic.Bool   // mirrors "not to be read", for the reading lane
	hungUp   atomic.Bool   // the peer has ended its side, which may not have been read yet

	mu      sync.Mutex
	expect  uint32    // the ticket whose turn it is
	settled uint32    // tickets settled, in turn or parked
	out     *outQueue // output that the peer has not taken, or nil
	book    *book     // what arrived before its turn, or nil
	reason  error     // why it closes, once it does
	pause   uint8     // why it is not read
	writing bool      // the port was asked for Writable
	mid     bool      // part of the answer whose turn it is has been written
	ended   bool      // no more tickets: close when all are settled and out is empty
	dead    bool
}

const (
	pauseOutput  = 1 << iota // too much output waits
	pauseTickets             // too many requests are in flight
	pauseAlone               // a request waits until none is in flight
)

// Init makes c a connection of a source. It must be called once, before any other method.
func (c *Conn) Init(p Port, t *Terms) {
	c.port, c.terms, c.id = p, t, t.ids.Add(1)
	now := t.Now.Load()
	c.active.Store(now)
	c.begun.Store(now)
}

// Peer names the other side, for errors and logs.
func (c *Conn) Peer() string {
	if c.port == nil {
		return "nobody"
	}
	return c.port.Peer()
}

// Port returns what the source has given to the connection. Sinks that write by themselves know their own by it.
func (c *Conn) Port() Port { return c.port }

// ID is the number of the connection among all that its source has had; the first is 1.
func (c *Conn) ID() uint64 { return c.id }

// Terms returns what all connections of the source share.
func (c *Conn) Terms() *Terms { return c.terms }

// Fail ends the connection at once and nothing else; the first reason is kept. Answers that have not been written are lost.
//
// A socket of datagrams goes on: see [Terms.Failed].
func (c *Conn) Fail(reason error) {
	if c.terms.Failed != nil {
		c.terms.Failed(reason)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail(reason)
}

func (c *Conn) fail(reason error) {
	if c.dead {
		return
	}
	if c.terms.Failed != nil {
		c.terms.Failed(reason)
		return
	}
	c.dead, c.reason = true, reason
	c.drop()
	c.halted.Store(true)
	c.port.Shut(reason)
}

// drop releases what the connection holds for a peer that is gone.
func (c *Conn) drop() {
	if c.out != nil {
		c.terms.held.Add(-int64(len(c.out.bytes)))
		c.out = nil
	}
	if c.book != nil {
		c.settled += uint32(len(c.book.shares))
		c.book.recycle()
		c.book = nil
	}
}

// Finish reads no more and closes the connection, with reason, when everything that was decoded is answered and written.
// A source calls it at the end of input, a protocol for a request to quit. A socket of datagrams has no end that a message
// could ask for.
func (c *Conn) Finish(reason error) {
	if c.terms.Failed != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.dead {
		return
	}
	c.ended, c.reason = true, reason
	c.want()
	c.finish()
}

// finish closes the connection if it has ended and nothing is owed.
func (c *Conn) finish() {
	if c.ended && !c.dead && c.expect == c.issued.Load() && c.out == nil {
		c.fail(c.reason)
	}
}

// want tells the port what is wanted of it now, when that has changed.
func (c *Conn) want() {
	if c.dead {
		return
	}
	halted, writing := c.pause != 0 || c.ended, c.out != nil
	if was := c.halted.Load(); halted != was || writing != c.writing {
		if was && !halted {
			c.resume()
		}
		c.halted.Store(halted)
		c.writing = writing
		c.port.Want(!halted, writing)
	}
}

// resume lets the time for the rest of a message that was begun start again: the peer's bytes could not be read meanwhile.
func (c *Conn) resume() {
	if b := c.begun.Load(); b != 0 && c.answered.Load() {
		c.begun.CompareAndSwap(b, c.terms.Now.Load())
	}
}

// Halted says whether the connection is not to be read now. It is fresh only on the reading lane, after its own batch.
func (c *Conn) Halted() bool { return c.halted.Load() }

// HangUp says that the peer has ended its side of the connection. A source that learns it before it reads the end, because the
// connection is not read now, calls it at once.
func (c *Conn) HangUp() { c.hungUp.Store(true) }

// HungUp says whether the peer has ended its side, as far as the source can know while the connection is not read.
func (c *Conn) HungUp() bool { return c.hungUp.Load() || c.Finishing() }

// Finishing says whether the connection closes as soon as what was decoded is answered: nothing more of it is to be read.
func (c *Conn) Finishing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// Dead says whether the connection has been closed or failed.
func (c *Conn) Dead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dead
}

// Owed returns how many tickets are unsettled and how many bytes wait for the peer.
func (c *Conn) Owed() (tickets, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.owed()
}

func (c *Conn) owed() (tickets, bytes int) {
	n := max(int(int32(c.issued.Load()-c.settled)), 0) // of a dead connection a ticket may have been settled twice
	if c.dead {
		return n, 0
	}
	return n, c.waiting()
}

// waiting is the number of bytes held for the peer, in turn or not.
func (c *Conn) waiting() int {
	n := 0
	if c.out != nil {
		n = len(c.out.bytes)
	}
	if c.book != nil {
		n += c.book.live
	}
	return n
}

// Reason returns why the connection was closed: nil when everything was answered, or when it is still open.
func (c *Conn) Reason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

// Locked runs f under the connection's lock: sources guard with it what their Port methods share with their lanes.
func (c *Conn) Locked(f func(dead bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c.dead)
}

// Release runs f under the connection's lock when no lane can write to it any more: sources give the descriptor back in it.
func (c *Conn) Release(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.dead {
		c.dead = true
		c.halted.Store(true)
		c.drop()
	}
	f()
}
