package load

import (
	"net"
	"sync"
	"time"
)

const (
	// batchBytes bounds one write and one read: beyond it a system call costs its copying, not its entry.
	batchBytes = 64 << 10
	// readBytes is the smallest read buffer: 10 000 connections of one small request each have 5 MB of them.
	readBytes = 512
	// directBytes is how much may be in flight for a TCP connection to be written to by whoever finds work for it. Both
	// kernels hold that much of an unread stream at their smallest default buffers, so such a write does not block. With more in flight a
	// server that writes before it reads would wait for us to read while we wait for it, so writing gets a goroutine.
	directBytes = 32 << 10
)

// A conn is a user with a connection of its own. Its goroutine serve reads and judges replies. Requests are sent by send, under mu,
// called by whoever makes work: the reader that gained room in the window, the pacer whose request came due, or write, if the
// connection has that goroutine. That guards also what a failed write leaves.
type conn struct {
	keeper
	nc   net.Conn
	sock *socket       // of nc, if whoever finds work may write to it; nil otherwise
	done chan struct{} // serve has ended
	wake chan struct{} // of the goroutine write; nil if there is none

	mu sync.Mutex
}

func newConn(r *run, id int, d dialed) *conn {
	c := &conn{nc: d.nc, done: make(chan struct{})}
	c.init(r, id, ownDesk(r.cfg), newSamples(r, r.shardOf(d.target, id)))
	if _, tcp := d.nc.(*net.TCPConn); tcp && r.cfg.window() <= directBytes {
		c.sock = socketOf(d.nc)
	} else {
		c.wake = make(chan struct{}, 1)
	}
	return c
}

// ownDesk is one for a user alone.
func ownDesk(cfg Config) *desk { return newDesk(cfg, min(max(cfg.window(), readBytes), batchBytes)) }

func (c *conn) start(all *sync.WaitGroup) {
	if c.wake != nil {
		all.Go(c.write)
	}
	all.Go(c.serve)
}

// poke makes a reader that waits look at over. What poke announces must be stored before.
func (c *conn) poke() { _ = c.nc.SetReadDeadline(past) }

// cancel ends what waits on the connection. It is not closed yet: somebody may be about to use its descriptor.
func (c *conn) cancel() { _ = c.nc.SetDeadline(past) }

// past is a deadline that is over.
var past = time.Unix(1, 0)
