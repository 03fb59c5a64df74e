package muxnet

import (
	"context"
	"errors"

	"github.com/leat-io/leat/codec/mux"
)

// A binding is what a stream has to do with a context: that of a call, or of who serves one. The lock of the stream guards it.
type binding struct {
	unfollow func() bool             // of a stream that ends with the context
	over     error                   // of the context, when that has ended the stream
	cancel   context.CancelCauseFunc // of a context that ends with the stream
}

// loose has the stream outlive the context.
func (b *binding) loose() {
	if b != nil && b.unfollow != nil {
		b.unfollow()
	}
}

// binding returns that of the stream, to be changed. The lock is held.
func (s *Stream) binding() *binding {
	if s.bound == nil {
		s.bound = new(binding)
	}
	return s.bound
}

// follow ends the stream when ctx ends.
func (s *Stream) follow(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { s.expire(ctx) })
	s.mu.Lock()
	s.binding().unfollow = stop
	over := s.closed
	s.mu.Unlock()
	if over {
		stop()
	}
}

// expire resets a stream whose context has ended, unless it has broken, which says more. Reads and writes return the error of ctx from then on,
// unless the stream was closed before.
func (s *Stream) expire(ctx context.Context) {
	s.mu.Lock()
	if s.broke != nil {
		s.mu.Unlock()
		return
	}
	if !s.closed {
		s.binding().over = ctx.Err()
	}
	s.mu.Unlock()
	code := mux.Cancelled
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		code = mux.Deadline
	}
	s.Reset(code, "")
}
