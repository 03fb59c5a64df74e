package mem

import (
	"errors"
	"io"
	"sync"
	"unsafe"

	"github.com/leat-io/leat/stage"
)

// window is how many bytes wait in one direction before the writer must: what a loopback socket takes at least.
const window = 64 << 10

// ErrClosed is returned for the use of a connection that this end has closed.
var ErrClosed = errors.New("mem: the connection is closed")

// A Client is the far end of a connection: what it writes the pipeline reads. Its methods may be called from any goroutine.
type Client struct {
	near near

	mu     sync.Mutex
	change *sync.Cond // of anything below
	in     []byte     // written and not read by the pipeline
	inEOF  bool       // nothing more will be written
	out    []byte     // written by the pipeline and not read
	outEOF bool       // the pipeline has closed the connection
	gone   bool       // this end has been closed
	window int        // the most bytes of out
}

// Dial makes a connection. It fails when the source has as many as it may.
func (s *Source) Dial() (*Client, error) {
	c := &Client{window: window}
	c.change = sync.NewCond(&c.mu)
	c.near.c = c
	c.near.loop = s.loops[int(s.next.Add(1)-1)%len(s.loops)]
	c.near.Init(&c.near, &s.table.Terms)
	if !s.table.Add(&c.near.Conn) {
		return nil, errors.New("mem: the source has as many connections as it may")
	}
	if !c.near.loop.accept(&c.near) {
		s.table.Remove(&c.near.Conn)
		return nil, errors.New("mem: the source has stopped")
	}
	return c, nil
}

// Window sets how many bytes of answers may wait for Read before the pipeline finds the connection not writable: 0 for a
// peer that never reads.
func (c *Client) Window(n int) {
	c.mu.Lock()
	c.window = n
	c.mu.Unlock()
	c.near.loop.ready(&c.near)
}

// Write sends b to the pipeline. It waits while more than 64 KiB have not been read there.
func (c *Client) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		c.mu.Lock()
		for len(c.in) >= window && !c.outEOF && !c.gone {
			c.change.Wait()
		}
		switch {
		case c.gone || c.inEOF:
			c.mu.Unlock()
			return n, ErrClosed
		case c.outEOF:
			c.mu.Unlock()
			return n, io.ErrClosedPipe
		}
		k := min(len(b), window-len(c.in))
		c.in = append(c.in, b[:k]...)
		c.mu.Unlock()
		n, b = n+k, b[k:]
		c.near.loop.ready(&c.near)
	}
	return n, nil
}

// Read takes answers. It waits for some, and returns io.EOF when the pipeline has closed the connection.
func (c *Client) Read(b []byte) (int, error) {
	c.mu.Lock()
	for len(c.out) == 0 && !c.outEOF && !c.gone {
		c.change.Wait()
	}
	n := copy(b, c.out)
	c.out = c.out[n:]
	gone, eof := c.gone, c.outEOF
	c.mu.Unlock()
	switch {
	case n > 0:
		c.near.loop.ready(&c.near)
		return n, nil
	case gone:
		return 0, ErrClosed
	case eof:
		return 0, io.EOF
	}
	return 0, nil
}

// CloseWrite says that nothing more will be written; answers can still be read.
func (c *Client) CloseWrite() error {
	c.mu.Lock()
	c.inEOF = true
	c.mu.Unlock()
	c.near.loop.ready(&c.near)
	return nil
}

// Close ends the connection from this side at once: the pipeline finds it reset.
func (c *Client) Close() error {
	c.mu.Lock()
	c.gone = true
	c.in, c.out = nil, nil
	c.change.Broadcast()
	c.mu.Unlock()
	c.near.loop.ready(&c.near)
	return nil
}

// Closed says whether the pipeline has closed the connection.
func (c *Client) Closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.outEOF
}

// Waiting is how many bytes of answers wait for Read.
func (c *Client) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.out)
}

// A near is the pipeline's end of a connection.
type near struct {
	stage.Conn // first, so that nearOf can come back from it
	c          *Client
	loop       *loop
	quota      int  // of the loop: bytes that may still be read after a stop
	eof        bool // of the loop: the end has been read
	held       bool // of the loop: on its list of those to look at later
	shut       bool // guarded by c.mu
	ready      bool // guarded by loop.mu: on the loop's list
}

func nearOf(c *stage.Conn) *near { return (*near)(unsafe.Pointer(c)) }

// Write implements stage.Port.
func (n *near) Write(b []byte) (int, error) {
	c := n.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return 0, stage.ErrReset
	}
	k := min(len(b), max(c.window-len(c.out), 0))
	if k > 0 {
		c.out = append(c.out, b[:k]...)
		c.change.Broadcast()
	}
	return k, nil
}

// Want implements stage.Port.
func (n *near) Want(bool, bool) {
	n.loop.ready(n)
}

// Shut implements stage.Port.
func (n *near) Shut(error) {
	n.c.mu.Lock()
	n.shut = true
	n.c.mu.Unlock()
	n.loop.ready(n)
}

// Peer implements stage.Port.
func (n *near) Peer() string { return n.loop.source.name + " client" }

// room says whether the client takes answers now.
func (n *near) room() bool {
	n.c.mu.Lock()
	defer n.c.mu.Unlock()
	return n.c.gone || len(n.c.out) < n.c.window
}
