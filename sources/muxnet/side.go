package muxnet

import (
	"errors"
	"io"

	"github.com/leat-io/leat/codec/mux"
)

// A side is a stream as its session sees it.
type side Stream

// Opened implements session.Side.
func (d *side) Opened() {
	s := (*Stream)(d)
	if s.conn.handler != nil {
		s.conn.server.handlers.Go(s.serve)
		return
	}
	s.conn.arrived <- s // there is room: Accept has looked
	s.core.Served()
}

// Data implements session.Side.
func (d *side) Data(p []byte, f mux.Flags) {
	s := (*Stream)(d)
	s.mu.Lock()
	if s.closed || s.readErr != nil {
		s.mu.Unlock()
		if len(p) > 0 {
			s.core.Dropped(len(p))
		}
		return
	}
	if s.messages != nil {
		if err := s.messages.bounds.Follow(p, f); err != nil {
			s.mu.Unlock()
			s.refuse(err)
			s.core.Dropped(len(p))
			return
		}
	}
	if len(p) > 0 && s.want != nil {
		n := copy(s.want, p)
		s.got, p = int32(n), p[n:] // below a frame
		s.want = nil
		s.conn.reading.gave = len(p) == 0
		s.wake(wakeReader)
	}
	if len(p) > 0 {
		s.in.write(p)
	}
	if f&mux.Fin != 0 {
		s.readErr = io.EOF
		s.conn.reading.gave = false // it does not come back for more
		s.wake(wakeReader)
	}
	s.mu.Unlock()
}

// Stopped implements session.Side.
func (d *side) Stopped(*mux.Error) {}

// Broken implements session.Side.
func (d *side) Broken(why error) {
	s := (*Stream)(d)
	e, ok := errors.AsType[*mux.Error](why)
	drop := ok && e.Code < mux.Application // nobody wants it any more
	s.mu.Lock()
	if s.readErr == nil || drop && s.in.size > 0 { // what is dropped must not look like the end in order
		s.readErr = why
	}
	if s.broke = why; s.bound != nil && s.bound.cancel != nil {
		s.bound.cancel(why)
	}
	s.wake(wakeReader | wakeWriter)
	if drop {
		s.forget()
		return
	}
	s.mu.Unlock()
}

// Unreported implements session.Side.
func (d *side) Unreported() int {
	s := (*Stream)(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := int(s.unread)
	s.unread = 0
	return n
}

// Sent implements session.Side.
func (d *side) Sent() {
	s := (*Stream)(d)
	s.mu.Lock()
	s.wake(wakeWriter)
	s.mu.Unlock()
}

// refuse resets a stream whose messages do not begin and end where they should, or are too long.
func (s *Stream) refuse(err error) {
	if e, ok := errors.AsType[*mux.Error](err); ok {
		err = &mux.Error{Code: e.Code, Stream: s.ID(), Text: e.Text}
		if s.core.Reset(e.Code, e.Text) {
			s.conn.flush()
		}
	}
	(*side)(s).Broken(err)
}

// serve calls the handler of a stream that the other side has opened.
func (s *Stream) serve() {
	c := s.conn
	defer func() {
		if v := recover(); v != nil {
			s.Reset(mux.Internal, "")
			c.server.panicked(c, v)
		}
		_ = s.Close()
		s.core.Served()
	}()
	c.handler(s)
}
