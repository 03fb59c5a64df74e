package stagetest

import (
	"sync"

	"github.com/leat-io/leat/stage"
)

// A Conn is a connection whose peer is the test. Until [Conn.Take] says otherwise the peer takes everything.
//
// It panics when the stage package breaks its own promise to sources: a second Shut, or a write after it.
type Conn struct {
	stage.Conn
	port port
}

// NewConn makes a connection with terms of its own, whose clock stands at 1 ns until the test moves it.
func NewConn(l stage.Limits) *Conn {
	t := &stage.Terms{Limits: l}
	t.Now.Store(1)
	return newConn(t)
}

// Sibling makes another connection of the same source: it shares limits, clock and the count of ignored answers.
func (c *Conn) Sibling() *Conn { return newConn(c.Terms()) }

func newConn(t *stage.Terms) *Conn {
	c := &Conn{}
	c.port.room, c.port.read = -1, true
	c.Init(&c.port, t)
	return c
}

// Wrote is everything that the peer has taken so far.
func (c *Conn) Wrote() string {
	c.port.mu.Lock()
	defer c.port.mu.Unlock()
	return string(c.port.taken)
}

// Writes is how often the connection was written to.
func (c *Conn) Writes() int {
	c.port.mu.Lock()
	defer c.port.mu.Unlock()
	return c.port.writes
}

// Take lets the peer take n more bytes and then no others; a negative n lifts the limit. What waits for the peer is written
// at once, as a source does when a socket becomes writable.
func (c *Conn) Take(n int) {
	c.port.mu.Lock()
	c.port.room = n
	waits := c.port.write
	c.port.mu.Unlock()
	if waits {
		c.Writable()
	}
}

// Break makes every further write fail with err.
func (c *Conn) Break(err error) {
	c.port.mu.Lock()
	defer c.port.mu.Unlock()
	c.port.err = err
}

// Wants says what the connection wants of its source now: that it is read, and to be told when the peer takes bytes again.
func (c *Conn) Wants() (read, write bool) {
	c.port.mu.Lock()
	defer c.port.mu.Unlock()
	return c.port.read, c.port.write
}

// Closed says whether the connection has been ended, and with what reason.
func (c *Conn) Closed() (reason error, closed bool) {
	c.port.mu.Lock()
	defer c.port.mu.Unlock()
	return c.port.reason, c.port.shut
}

type port struct {
	mu          sync.Mutex
	taken       []byte
	writes      int
	room        int // bytes that the peer takes; negative: any number
	err         error
	read, write bool
	reason      error
	shut        bool
}

// Write implements stage.Port.
func (p *port) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		panic("stagetest: a connection was written to after it had been shut")
	}
	p.writes++
	if p.err != nil {
		return 0, p.err
	}
	n := len(b)
	if p.room >= 0 {
		n = min(n, p.room)
		p.room -= n
	}
	p.taken = append(p.taken, b[:n]...)
	return n, nil
}

// Want implements stage.Port.
func (p *port) Want(read, write bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.read == read && p.write == write {
		panic("stagetest: Want was called although nothing had changed")
	}
	p.read, p.write = read, write
}

// Shut implements stage.Port.
func (p *port) Shut(reason error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		panic("stagetest: a connection was shut twice")
	}
	p.shut, p.reason = true, reason
}

// Peer implements stage.Port.
func (p *port) Peer() string { return "test" }
