package load

import (
	"net"
	"sync"
	"sync/atomic"
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

// A conn is one connection. Its goroutine serve reads and judges replies. Requests are sent by send, under mu, called by
// whoever makes work: the reader that gained room in the window, the pacer whose request came due, or write, if the
// connection has that goroutine.
//
// sent-acked is in flight, due-sent the backlog. The counters are atomic because the reader, the sender and the pacer look at
// each other's; each has one writer. They only grow, but for sent after a failed write, which is the last.
type conn struct {
	r  *run
	id int
	nc net.Conn

	due   atomic.Int64 // open loop: requests whose time has come; by the pacer
	sent  atomic.Int64 // requests handed to nc.Write; under mu
	acked atomic.Int64 // requests whose replies were judged; by the reader

	ended   atomic.Bool // open loop: due has its last value
	stopped atomic.Bool // send sends no more
	gone    atomic.Bool // serve has returned
	done    chan struct{}
	wake    chan struct{} // of the goroutine write; nil if there is none

	mu      sync.Mutex
	request pattern // of the next request
	out     []byte  // room for one write
	lost    int64   // requests that a failed write did not get out
	sendErr error

	// sentAt[i%Depth] is when request i was handed to nc.Write. The slot is written before sent shows it and reused after acked
	// has released it.
	sentAt []int64

	in      []byte
	replies replies
	seen    samples
	cause   error // what ended the connection; nil if the run did
	cut     bool  // the context ended it
	endedAt int64

	planned int64 // of the pacer: what due will be after this pass
	delayed int64 // of the pacer: requests that found the window full when they came due
	waiting int64 // of the pacer: the most that were due and not sent
}

func newConn(r *run, id int, nc net.Conn) *conn {
	window := r.cfg.Depth * r.wire
	c := &conn{
		r: r, id: id, nc: nc,
		done:    make(chan struct{}),
		request: newPattern(id, false),
		out:     make([]byte, min(r.cfg.Depth, max(1, batchBytes/r.wire))*r.wire),
		sentAt:  make([]int64, r.cfg.Depth),
		in:      make([]byte, min(max(window, readBytes), batchBytes)),
		replies: replies{protocol: r.cfg.Protocol, size: r.cfg.Message, want: newPattern(id, r.cfg.Reply == Upper)},
		seen:    samples{to: r.shards[id%len(r.shards)]},
	}
	if r.open() {
		c.seen.service = make([]int64, batchSamples)
	}
	if _, tcp := nc.(*net.TCPConn); !tcp || window > directBytes {
		c.wake = make(chan struct{}, 1)
	}
	return c
}

func (c *conn) inFlight() int64 { return c.sent.Load() - c.acked.Load() }

// backlog is the number of requests that are due and not sent.
func (c *conn) backlog() int64 {
	if !c.r.open() {
		return 0
	}
	return c.due.Load() - c.sent.Load()
}

// over reports whether nothing is in flight and nothing will be. The order matters: once stopped, or ended without a backlog, sent
// has its last value, so only then does an empty window mean the end.
func (c *conn) over() bool {
	return (c.stopped.Load() || c.ended.Load() && c.backlog() <= 0) && c.inFlight() <= 0
}

// poke makes a reader that waits look at over. What poke announces must be stored before.
func (c *conn) poke() { _ = c.nc.SetReadDeadline(time.Unix(1, 0)) }
