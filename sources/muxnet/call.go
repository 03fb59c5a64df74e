package muxnet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/leat-io/leat/codec/mux"
)

// MethodName is the name of the pair of metadata that says what is called: section 4 of docs/mux.md.
const MethodName = ":method"

// Call calls a method with one request and returns its one response, in the memory of into if it fits there. It may be called by many
// goroutines at once; each call is a stream.
//
// When ctx has a deadline the other side is told of it, and when ctx ends it is told to stop; then the error is that of ctx. An error that
// the other side has answered is a *mux.Error: [mux.Refused] says that nothing was done, [mux.Internal] that its handler has failed, codes
// from [mux.Application] on are the application's.
func (c *Conn) Call(ctx context.Context, method string, request, into []byte) ([]byte, error) {
	s, err := c.Start(ctx, method)
	if err != nil {
		return nil, err
	}
	response, err := s.exchange(request, into)
	if err != nil {
		s.Reset(mux.Cancelled, "")
		if errors.Is(err, &mux.Error{Code: mux.Deadline}) { // the other side was the first to see it
			err = fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
		}
		return nil, fmt.Errorf("muxnet: the call of %s: %w", method, err)
	}
	return response, s.Close()
}

// exchange sends the only message of this side and waits for the only one of the other, which may have been sent before that of this side
// was read.
func (s *Stream) exchange(request, into []byte) ([]byte, error) {
	unsent := s.writeMessages(mux.Fin, request)
	response, err := s.ReadMessage(into)
	switch {
	case errors.Is(err, io.EOF) && unsent != nil:
		return nil, unsent
	case errors.Is(err, io.EOF):
		return nil, errNoResponse
	case err != nil:
		return nil, err
	}
	switch _, err = s.ReadMessage(nil); {
	case err == nil:
		return nil, errResponses
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return response, nil
}

var (
	errNoResponse = errors.New("it has ended without a response")
	errResponses  = errors.New("it has more than one response; use Start for calls that stream")
)

// Start calls a method with messages in both directions, until both sides have ended theirs: this one with CloseWrite. The stream lives
// at most as long as ctx, whose error its reads and writes return then. It must be closed.
func (c *Conn) Start(ctx context.Context, method string) (*Stream, error) {
	return c.StartAs(ctx, &mux.Opening{Metadata: mux.AppendPair(nil, MethodName, []byte(method))})
}

// StartAs is Start with an opening, whose metadata names the method under [MethodName]. Its Messages and Timeout are not looked at.
func (c *Conn) StartAs(ctx context.Context, o *mux.Opening) (*Stream, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	own := *o
	own.Messages, own.Timeout = true, 0
	if by, ok := ctx.Deadline(); ok {
		own.Timeout = max(time.Until(by), 1)
	}
	s, err := c.OpenAs(ctx, &own)
	if err == nil && ctx.Done() != nil {
		s.follow(ctx)
	}
	return s, err
}
