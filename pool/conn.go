package pool

import (
	"bufio"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/pool/health"
)

// A Conn is a connection of a pool in use by whoever got it, until it is given back or discarded. Its methods may be used as
// those of any net.Conn: one goroutine may read while another writes, and both must have ended before Put.
//
// An error of Read or Write, a deadline that passed among them, costs the connection: Put closes it, since what the peer
// still sends would be taken for the reply of another request.
type Conn struct {
	b   *backend
	raw net.Conn

	marks atomic.Uint32 // why it is not as good as new
	slot  uint16        // its place in the backend's table
	shard uint8         // the one it is given back to
	out   bool          // somebody has it
	last  atomic.Int64  // when it was last given back, on the pool's clock

	sent, received uint32 // modulo 2³²
	began          int64  // when, if that is marked
	permit         health.Permit
	reader         *bufio.Reader

	born, expires int64 // on the pool's clock; 0 is never
	mayRest       int64 // for how long it may be idle
	socket        socket
	watch         watch
}

// What may be wrong with a connection, or must be looked at when it changes hands.
const (
	markFailed   uint32 = 1 << iota // Read or Write
	markDeadline                    // one is set
	markReader                      // it has a buffer
	markTimed                       // the member counts a request since it began
	markPeer                        // the peer has closed it, or its half
	markReadable                    // something has arrived since it was idle
	markExpired                     // MaxLifetime
	markClosed
)

// Read reads from the peer.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.raw.Read(b)
	if err != nil {
		c.marks.Or(markFailed)
	}
	return n, err
}

// Write writes to the peer.
func (c *Conn) Write(b []byte) (int, error) {
	n, err := c.raw.Write(b)
	if err != nil {
		c.marks.Or(markFailed)
	}
	return n, err
}

// SetDeadline is that of net.Conn. Put takes deadlines away.
func (c *Conn) SetDeadline(t time.Time) error { return c.limited(c.raw.SetDeadline(t)) }

// SetReadDeadline is that of net.Conn. Put takes deadlines away.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.limited(c.raw.SetReadDeadline(t)) }

// SetWriteDeadline is that of net.Conn. Put takes deadlines away.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.limited(c.raw.SetWriteDeadline(t)) }

func (c *Conn) limited(err error) error {
	c.marks.Or(markDeadline)
	return err
}

// LocalAddr is that of the connection.
func (c *Conn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// RemoteAddr is that of the connection.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// Backend is the name of the backend.
func (c *Conn) Backend() string { return c.b.member.Name }

// Raw is the connection itself. What happens on it the pool does not see: discard it when something fails.
func (c *Conn) Raw() net.Conn { return c.raw }

// readers lends buffers to connections in use, so that idle ones have none.
var readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}

// Reader is a buffered reader of the connection, of 4 KiB, until it is given back. What it holds unread then costs the
// connection.
func (c *Conn) Reader() *bufio.Reader {
	if c.reader == nil {
		c.marks.Or(markReader)
		c.reader = readers.Get().(*bufio.Reader)
		c.reader.Reset(c)
	}
	return c.reader
}

// Sent counts n requests that were written. Put closes the connection when not as many replies were received.
func (c *Conn) Sent(n int) { c.sent += uint32(n) }

// Received counts n replies that were read.
func (c *Conn) Received(n int) { c.received += uint32(n) }

// Close discards the connection.
func (c *Conn) Close() error {
	c.Discard(ReasonDiscarded)
	return nil
}

// Discard closes the connection instead of giving it back. It, or Put, after Discard does nothing.
func (c *Conn) Discard(r Reason) {
	if c.marks.Load()&markClosed != 0 {
		return
	}
	c.mustBeOut("discarded")
	c.out = false
	if int(r) >= reasons {
		r = ReasonDiscarded
	}
	c.settle(r.blame())
	c.b.discard(c, r)
}

// even says whether everything that was asked was answered and read.
func (c *Conn) even() bool {
	return c.sent == c.received && (c.reader == nil || c.reader.Buffered() == 0)
}

// uneven is why even is false.
func (c *Conn) uneven() Reason {
	if c.sent != c.received {
		return ReasonUnmatched
	}
	return ReasonUnread
}

// unread gives the buffer back.
func (c *Conn) unread() {
	if r := c.reader; r != nil {
		c.marks.And(^markReader)
		c.reader = nil
		r.Reset(nil)
		readers.Put(r)
	}
}

func (c *Conn) age() time.Duration { return time.Duration(c.b.pool.now() - c.born) }

func (c *Conn) mustBeOut(what string) {
	if !c.out {
		panic("pool: a connection to " + c.b.member.Name + " is " + what + " that is not in use: it was given back before")
	}
}

// settle ends the request that the member counts, if it does.
func (c *Conn) settle(err error) {
	if c.marks.Load()&markTimed != 0 {
		c.marks.And(^markTimed)
		c.b.done(c.permit, time.Duration(c.b.pool.now()-c.began), err)
	}
}
