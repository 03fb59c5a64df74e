package muxnet

import (
	"context"
	"errors"
	"fmt"

	"github.com/leat-io/leat/codec/mux"
)

// Methods are what can be called at a server. Its Serve is a Handler of [Server]. All methods are added before the first call comes.
//
// The context of a method ends with the deadline of its caller, when the caller resets the call, when the connection ends, and when the
// method has returned.
//
// An error that a method returns resets its call. A *mux.Error of this side is told to the caller with its code, which for errors of the
// application is [mux.Application] or more, and its text. Of any other error the caller learns no more than [mux.Internal], without a text,
// and it is logged here; one that wraps a *mux.Error, or that another peer has said, is such another.
type Methods struct {
	of map[string]func(context.Context, *Stream) error
}

// Unary adds a method with one request and one response. The request is borrowed until f returns; the response is sent before anything
// else happens to it.
func (m *Methods) Unary(name string, f func(ctx context.Context, request []byte) ([]byte, error)) {
	m.add(name, func(ctx context.Context, s *Stream) error {
		p := scratch()
		request, err := s.ReadMessage(*p)
		if err != nil {
			giveBack(p, *p)
			return err
		}
		response, err := f(ctx, request)
		if err == nil {
			err = s.writeMessages(mux.Fin, response)
		}
		giveBack(p, request)
		return err
	})
}

// Streaming adds a method that reads and writes messages as it likes. Its direction ends in order when it returns nil.
func (m *Methods) Streaming(name string, f func(ctx context.Context, s *Stream) error) {
	m.add(name, f)
}

func (m *Methods) add(name string, f func(context.Context, *Stream) error) {
	if name == "" {
		panic("muxnet: a method without a name")
	}
	if m.of[name] != nil {
		panic(fmt.Sprintf("muxnet: the method %q was added twice", name))
	}
	if m.of == nil {
		m.of = make(map[string]func(context.Context, *Stream) error)
	}
	m.of[name] = f
}

// Serve serves one call and closes its stream. A stream that calls no method of m is reset with [mux.Refused].
func (m *Methods) Serve(s *Stream) {
	name, ok := s.Opening().Metadata.Get(MethodName)
	f := m.of[string(name)]
	switch {
	case s.messages == nil:
		s.Reset(mux.Refused, "a call is a stream of messages, and this one carries bytes")
	case !ok:
		s.Reset(mux.Refused, "the metadata has no "+MethodName)
	case f == nil:
		s.Reset(mux.Refused, fmt.Sprintf("no method %.200q", name))
	default:
		ctx, end := s.serving()
		defer end()
		if err := f(ctx, s); err != nil {
			s.answer(ctx, string(name), err)
		}
		_ = s.Close()
	}
}

// serving returns the context of whoever serves the stream, and what ends it.
func (s *Stream) serving() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	s.mu.Lock()
	s.binding().cancel = cancel
	if s.broke != nil {
		cancel(s.broke)
	}
	s.mu.Unlock()
	stop := func() {}
	if after := s.Opening().Timeout; after > 0 {
		ctx, stop = context.WithTimeout(ctx, after)
		s.follow(ctx)
	}
	return ctx, func() {
		s.mu.Lock()
		s.bound.loose() // the end of the context is not that of the stream any more
		s.mu.Unlock()
		stop()
		cancel(nil)
	}
}

// answer resets the stream of a method that has failed.
func (s *Stream) answer(ctx context.Context, method string, err error) {
	e, plain := err.(*mux.Error) //nolint:errorlint // one that was meant as the answer, not an error that has one as its reason
	switch {
	case plain && !e.Remote && e.Code != mux.None:
		s.Reset(e.Code, e.Text)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		s.Reset(mux.Deadline, "")
	case ctx.Err() != nil, plain && e.Stream == s.ID() && e.Code == mux.Cancelled:
		s.Reset(mux.Cancelled, "")
	default:
		s.conn.server.logger().Warn("a method has failed", "method", method, "peer", s.RemoteAddr(), "error", err)
		s.Reset(mux.Internal, "")
	}
}
