package tcp

import (
	"time"
	"unsafe"

	"github.com/leat-io/leat/internal/peers"
	"github.com/leat-io/leat/internal/tlsio"
	"github.com/leat-io/leat/stage"
)

// readSize is the most bytes that one read takes: a quarter of a slab, so that a lane reuses one slab for as long as nobody
// keeps anything.
const readSize = 16 << 10

// lingerTime is how long a closed connection's input is still read and thrown away, so that what its peer had sent does not
// make the kernel answer with a reset, which could destroy the last replies on their way.
const lingerTime = 500 * time.Millisecond

// past is a deadline that wakes whoever waits.
var past = time.Unix(1, 0)

// A conn is one connection and, as long as it lives, one goroutine.
type conn struct {
	stage.Conn // first, so that connOf can come back from it
	source     *goroutines
	hold       peers.Hold
	sock       socket
	tls        *tlsio.Session // nil without TLS
	lane       *lane          // of the goroutine: the one for life, where lanes are fixed

	fd       int32         // guarded by the connection's lock; -1 once it is closed
	quota    int32         // of the goroutine: bytes that may still be read after a stop; -1 before
	parked   chan struct{} // guarded by the connection's lock: closed when there is a reason to look again
	wants    bool          // guarded by the connection's lock: output waits for the peer
	flushing bool          // guarded by the connection's lock: a goroutine is in flush
	severed  bool          // guarded by the connection's lock: it does not linger
	eof      bool          // of the goroutine: the end has been read
	spent    bool          // of the goroutine: nothing is left of what had arrived at a stop, with TLS
}

func connOf(c *stage.Conn) *conn { return (*conn)(unsafe.Pointer(c)) }

func (c *conn) serve() {
	if c.shake() {
		for c.read() && c.wait(c.paused) {
		}
	}
	c.source.set.leave(c)
	c.source.readers.Done()
	if c.eof {
		c.Finish(nil)
	}
	for c.wait(func() bool { return true }) {
	}
	c.linger()
	c.Release(func() { c.fd = -1 })
	c.sock.Close() // not under the lock, because it waits for flush, which takes the lock
	c.source.table.Remove(&c.Conn)
}

// paused says whether the connection is not to be read until somebody unparks it. Whoever has not looked since the source
// stopped must look: the poke of the stop may have come before it was parked. The lock is held.
func (c *conn) paused() bool {
	unseen := c.quota < 0 && c.source.stopping.Load()
	return c.Halted() && !unseen && !c.source.abandoned.Load()
}

// wait waits once while unwanted holds and the connection lives; it reports whether it still does.
func (c *conn) wait(unwanted func() bool) (alive bool) {
	var parked chan struct{}
	c.Locked(func(dead bool) {
		if alive = !dead; alive && unwanted() {
			parked = make(chan struct{})
			c.parked = parked
		}
	})
	if parked != nil {
		<-parked
	}
	return alive
}

// unpark lets wait look again. The lock is held.
func (c *conn) unpark() {
	if c.parked != nil {
		close(c.parked)
		c.parked = nil
	}
}

// push lets the lane work on what was read, and on what it had left undecoded because too much was in flight.
func (c *conn) push(l *lane, slab *stage.Slab, b []byte) {
	for {
		s := l.segments.New()
		s.SetConn(&c.Conn)
		s.SetSlab(slab)
		s.Data = b
		l.one[0] = s
		l.inlet.Push(l.one[:])
		if !c.Reading.Stopped || c.Halted() {
			return
		}
		slab, b = nil, nil
	}
}

// Want implements stage.Port.
func (c *conn) Want(read, write bool) {
	if read || c.source.stopping.Load() { // at a stop nobody waits for a connection that is only to be finished
		c.unpark()
	}
	c.wants = write
	if write && !c.flushing {
		c.flushing = true
		go c.flush()
	}
}

// Shut implements stage.Port: the peer sees the end of the answers, and the reading goroutine comes back to close.
func (c *conn) Shut(error) {
	c.wants = false
	if c.fd >= 0 {
		if c.farewell() {
			c.closeWrite()
		}
		c.sock.SetReadDeadline(past)
	}
	c.unpark()
}

// poke makes the reading goroutine look at what the source wants now. One that lingers is left in peace.
func (c *conn) poke() {
	c.Locked(func(dead bool) {
		if !dead {
			c.sock.SetReadDeadline(past)
			c.unpark()
		}
	})
}

// cut ends a connection that is still open, without another word.
func (c *conn) cut() {
	c.Locked(func(dead bool) { c.severed = !dead })
	c.Fail(stage.ErrStopped)
}

// linger throws away what still arrives, until the peer has closed as well or has had its time.
func (c *conn) linger() {
	var severed bool
	c.Locked(func(bool) { severed = c.severed })
	if severed {
		c.reset()
		return
	}
	c.part()
	c.sock.SetReadDeadline(time.Now().Add(lingerTime))
	for b := make([]byte, 512); ; {
		if _, err := c.sock.Read(b); err != nil {
			return
		}
	}
}
