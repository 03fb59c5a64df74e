package gateway

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
	"github.com/leat-io/leat/sources/muxnet"
)

// mostKept is how many bytes of a connection are kept to be sent once more. Who has sent more before it was refused is reset; that takes as
// long as a round trip.
const mostKept = 64 << 10

// A channel is the stream of a connection. While nothing has come back it keeps what was sent: a far gateway that leaves refuses streams
// that were under way to it, for which it has done nothing, and they go to another one.
type channel struct {
	ctx      context.Context // when it ends, so does the channel
	open     func() (*muxnet.Stream, error)
	stream   atomic.Pointer[muxnet.Stream]
	answered atomic.Bool

	mu       sync.Mutex // held while something is sent
	sent     []byte
	all      bool // sent is all that was
	finished bool
}

func newChannel(ctx context.Context, open func() (*muxnet.Stream, error)) (*channel, error) {
	s, err := open()
	if err != nil {
		return nil, err
	}
	c := &channel{ctx: ctx, open: open, all: true}
	c.stream.Store(s)
	return c, nil
}

// leaving says whether an error of s is that its far gateway leaves, and has done nothing for it.
func leaving(s *muxnet.Stream, err error) bool {
	e, ok := errors.AsType[*mux.Error](err)
	return errors.Is(err, session.ErrLeaving) || ok && e.Code == mux.Refused && s.Conn().State().Left
}

// Write implements stream. What is refused is sent again by Read.
func (c *channel) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all = c.all && !c.answered.Load() && len(c.sent)+len(b) <= mostKept; c.all {
		c.sent = append(c.sent, b...)
	} else {
		c.sent = nil
	}
	s := c.stream.Load()
	n, err := s.Write(b)
	if err != nil && c.all && leaving(s, err) {
		return len(b), nil
	}
	return n, err
}

// CloseWrite implements stream.
func (c *channel) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finished = true
	s := c.stream.Load()
	err := s.CloseWrite()
	if err != nil && c.all && leaving(s, err) {
		return nil
	}
	return err
}

// Read implements stream.
func (c *channel) Read(b []byte) (int, error) {
	for {
		s := c.stream.Load()
		n, err := s.Read(b)
		if n > 0 {
			c.answered.Store(true)
		}
		if n > 0 || err == nil || !leaving(s, err) || !c.again() {
			return n, err
		}
	}
}

// again opens another stream in the place of one that was refused, and sends on it what was sent.
func (c *channel) again() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.all || c.answered.Load() {
		return false
	}
	s, err := c.open()
	if err != nil {
		return false
	}
	_ = c.stream.Swap(s).Close()
	if c.ctx.Err() != nil { // whoever has reset the channel may have met the stream before
		s.Reset(mux.Cancelled, "")
		return false
	}
	if _, err := s.Write(c.sent); err != nil {
		return leaving(s, err)
	}
	if c.finished {
		_ = s.CloseWrite() // its error is that of the next read
	}
	return true
}

// Reset implements stream.
func (c *channel) Reset(code mux.Code, text string) { c.stream.Load().Reset(code, text) }

// Close implements stream.
func (c *channel) Close() error { return c.stream.Load().Close() }
