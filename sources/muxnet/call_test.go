package muxnet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/sources/muxnet"
)

// serving has a method that answers with the request, and one more.
func serving(name string, f func(context.Context, *muxnet.Stream) error) *muxnet.Methods {
	var m muxnet.Methods
	m.Unary("echo", func(_ context.Context, request []byte) ([]byte, error) { return request, nil })
	m.Streaming(name, f)
	return &m
}

// nothing is a method that does nothing.
func nothing(context.Context, *muxnet.Stream) error { return nil }

func TestCallsAreAnswered(t *testing.T) {
	c, _ := pair(t, serving("nothing", nothing).Serve)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			var into []byte
			for j := range 20 {
				request := bytes.Repeat([]byte{byte(i)}, i*j*100)
				response, err := c.Call(context.Background(), "echo", request, into)
				if err != nil || !bytes.Equal(response, request) {
					t.Errorf("%d bytes of %d came back, %v", len(response), len(request), err)
				}
				into = response
			}
		})
	}
	wg.Wait()
	// The handlers return a moment after their answers.
	if err := c.Shutdown(context.Background()); err != nil {
		t.Errorf("calls have left something behind: %v", err)
	}
}

func TestTheDeadlineOfACallReachesItsMethod(t *testing.T) {
	said := make(chan error, 1)
	methods := serving("wait", func(ctx context.Context, _ *muxnet.Stream) error {
		if by, ok := ctx.Deadline(); !ok || time.Until(by) != time.Second {
			t.Errorf("the method has until %v, %v", time.Until(by), ok)
		}
		<-ctx.Done()
		said <- ctx.Err()
		return ctx.Err()
	})
	bubble(t, &muxnet.Server{Handler: methods.Serve}, func(t *testing.T, c, _ *muxnet.Conn) {
		if _, err := c.Call(t.Context(), "echo", nil, nil); err != nil { // the connection is ready
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		began := time.Now()
		if _, err := c.Call(ctx, "wait", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the call: %v", err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %v", took)
		}
		if err := <-said; err == nil {
			t.Error("the context of the method has not ended")
		}
		if _, err := c.Call(ctx, "echo", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call behind the deadline: %v", err)
		}
	})
}

// A method that has a deadline is not held up by a caller that has lost its way.
func TestTheDeadlineHoldsWithoutTheCaller(t *testing.T) {
	took := make(chan time.Duration, 1)
	methods := serving("read", func(_ context.Context, s *muxnet.Stream) error {
		began := time.Now()
		_, err := s.ReadMessage(nil)
		took <- time.Since(began)
		return err
	})
	bubble(t, &muxnet.Server{Handler: methods.Serve}, func(t *testing.T, c, _ *muxnet.Conn) {
		s, err := c.OpenAs(t.Context(), &mux.Opening{
			Messages: true, Timeout: time.Second, Metadata: mux.AppendPair(nil, muxnet.MethodName, []byte("read")),
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.ReadMessage(nil); !errors.Is(err, &mux.Error{Code: mux.Deadline}) {
			t.Errorf("the caller is told %v", err)
		}
		if d := <-took; d != time.Second {
			t.Errorf("the method has read for %v", d)
		}
		_ = s.Close()
	})
}

func TestACancelledCallEndsTheContextOfItsMethod(t *testing.T) {
	why := make(chan error, 1)
	methods := serving("wait", func(ctx context.Context, _ *muxnet.Stream) error {
		<-ctx.Done()
		why <- context.Cause(ctx)
		return ctx.Err()
	})
	bubble(t, &muxnet.Server{Handler: methods.Serve}, func(t *testing.T, c, _ *muxnet.Conn) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := c.Call(ctx, "wait", nil, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("the call: %v", err)
		}
		if err := <-why; !errors.Is(err, &mux.Error{Code: mux.Cancelled}) {
			t.Errorf("the method is told %v", err)
		}
	})
}

func TestTheEndOfTheConnectionEndsTheContextsOfItsMethods(t *testing.T) {
	began, why := make(chan struct{}), make(chan error, 1)
	methods := serving("wait", func(ctx context.Context, _ *muxnet.Stream) error {
		close(began)
		<-ctx.Done()
		why <- context.Cause(ctx)
		return ctx.Err()
	})
	bubble(t, &muxnet.Server{Handler: methods.Serve}, func(t *testing.T, c, _ *muxnet.Conn) {
		s, err := c.Start(t.Context(), "wait")
		if err != nil {
			t.Fatal(err)
		}
		<-began
		_ = c.Close()
		if err := <-why; err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("the method is told %v", err)
		}
		if _, err := s.ReadMessage(nil); !errors.Is(err, muxnet.ErrClosed) {
			t.Errorf("the caller is told %v", err)
		}
		_ = s.Close()
	})
}

func TestAStreamingCallEndsWithItsContext(t *testing.T) {
	methods := serving("echo all", func(_ context.Context, s *muxnet.Stream) error {
		echoMessages(s)
		return nil
	})
	bubble(t, &muxnet.Server{Handler: methods.Serve}, func(t *testing.T, c, _ *muxnet.Conn) {
		ctx, cancel := context.WithCancel(t.Context())
		s, err := c.Start(ctx, "echo all")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.WriteMessage([]byte("hello")); err != nil {
			t.Error(err)
		}
		if m, err := s.ReadMessage(nil); err != nil || string(m) != "hello" {
			t.Errorf("%q, %v", m, err)
		}
		time.AfterFunc(time.Second, cancel)
		if m, err := s.ReadMessage(nil); !errors.Is(err, context.Canceled) {
			t.Errorf("a read: %q, %v", m, err)
		}
		if err := s.WriteMessage(nil); !errors.Is(err, context.Canceled) {
			t.Errorf("a write: %v", err)
		}
		_ = s.Close()
	})
}

func TestASumIsStreamed(t *testing.T) {
	c, _ := pair(t, serving("sum", func(_ context.Context, s *muxnet.Stream) error {
		sum := 0
		for {
			m, err := s.ReadMessage(nil)
			if err == io.EOF {
				return s.WriteMessage(fmt.Append(nil, sum))
			}
			if err != nil {
				return err
			}
			sum += len(m)
		}
	}).Serve)
	s, err := c.Start(context.Background(), "sum")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n := range 100 {
		if err := s.WriteMessage(make([]byte, n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if m, err := s.ReadMessage(nil); err != nil || string(m) != "4950" {
		t.Errorf("%q, %v", m, err)
	}
	if _, err := s.ReadMessage(nil); err != io.EOF {
		t.Errorf("behind the end: %v", err)
	}
}

func TestWhatCannotBeCalledIsRefused(t *testing.T) {
	c, _ := pair(t, serving("nothing", nothing).Serve)
	_, err := c.Call(context.Background(), "none", nil, nil)
	if e, ok := errors.AsType[*mux.Error](err); !ok || e.Code != mux.Refused || !strings.Contains(err.Error(), `call of none`) || e.Text != `no method "none"` {
		t.Errorf("an unknown method: %v", err)
	}
	for text, o := range map[string]mux.Opening{
		"has no :method": {Messages: true},
		"carries bytes":  {Metadata: mux.AppendPair(nil, muxnet.MethodName, []byte("echo"))},
	} {
		s, err := c.OpenAs(context.Background(), &o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(make([]byte, 1)); !errors.Is(err, &mux.Error{Code: mux.Refused}) || !strings.Contains(err.Error(), text) {
			t.Errorf("%v", err)
		}
		_ = s.Close()
	}
	if _, err := c.Call(context.Background(), "nothing", nil, nil); err == nil || !strings.Contains(err.Error(), "without a response") {
		t.Errorf("a method without a response: %v", err)
	}
}

func TestMoreThanOneResponseIsAnErrorOfACall(t *testing.T) {
	c, _ := pair(t, serving("two", func(_ context.Context, s *muxnet.Stream) error {
		return s.WriteMessages([]byte("one"), []byte("two"))
	}).Serve)
	if _, err := c.Call(context.Background(), "two", nil, nil); err == nil || !strings.Contains(err.Error(), "more than one response") {
		t.Errorf("%v", err)
	}
}

// A method that answers without reading has answered all the same.
func TestAnAnswerToARequestThatNobodyReadsIsTaken(t *testing.T) {
	c, _ := pair(t, serving("hasty", func(_ context.Context, s *muxnet.Stream) error { return s.WriteMessage([]byte("done")) }).Serve)
	if m, err := c.Call(context.Background(), "hasty", make([]byte, 3<<20), nil); err != nil || string(m) != "done" {
		t.Errorf("%q, %v", m, err)
	}
}

const outOfStock = mux.Application + 7

func TestTheErrorsOfMethods(t *testing.T) {
	answer := &mux.Error{Code: outOfStock, Text: "no apples"}
	for name, c := range map[string]struct {
		err  error
		code mux.Code
		text string
		log  bool
	}{
		"of the application":     {answer, outOfStock, "no apples", false},
		"of the protocol":        {&mux.Error{Code: mux.Refused, Text: "busy"}, mux.Refused, "busy", false},
		"any other":              {errors.New("the password is wrong: hunter2"), mux.Internal, "", true},
		"with one in it":         {fmt.Errorf("shop: %w", answer), mux.Internal, "", true},
		"of another peer":        {&mux.Error{Code: mux.Refused, Remote: true, Text: "elsewhere"}, mux.Internal, "", true},
		"without a code":         {&mux.Error{Text: "nothing"}, mux.Internal, "", true},
		"of another's deadline":  {context.DeadlineExceeded, mux.Internal, "", true},
		"of a stream that ended": {io.ErrUnexpectedEOF, mux.Internal, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			srv := &muxnet.Server{
				Handler: serving("fail", func(context.Context, *muxnet.Stream) error { return c.err }).Serve,
				Logger:  slog.New(slog.NewTextHandler(&log, nil)),
			}
			bubble(t, srv, func(t *testing.T, conn, _ *muxnet.Conn) {
				_, err := conn.Call(t.Context(), "fail", nil, nil)
				if e, ok := errors.AsType[*mux.Error](err); !ok || e.Code != c.code || e.Text != c.text || !e.Remote {
					t.Errorf("the caller is told %v", err)
				}
			})
			if got := strings.Contains(log.String(), "method=fail"); got != c.log {
				t.Errorf("the log says %q", log.String())
			}
		})
	}
}

func TestAMethodThatPanicsHasFailed(t *testing.T) {
	for _, timeout := range []time.Duration{0, time.Minute} {
		srv := &muxnet.Server{Handler: serving("panic", func(context.Context, *muxnet.Stream) error { panic("oh") }).Serve}
		bubble(t, srv, func(t *testing.T, c, _ *muxnet.Conn) {
			ctx := t.Context()
			if timeout > 0 {
				var stop func()
				ctx, stop = context.WithTimeout(ctx, timeout)
				defer stop()
			}
			if _, err := c.Call(ctx, "panic", nil, nil); !errors.Is(err, &mux.Error{Code: mux.Internal}) {
				t.Errorf("the caller is told %v", err)
			}
		})
	}
}

func TestWhatWasSentBeforeAnErrorOfTheApplicationIsRead(t *testing.T) {
	c, _ := pair(t, serving("list", func(_ context.Context, s *muxnet.Stream) error {
		if err := s.WriteMessages([]byte("a"), []byte("b")); err != nil {
			return err
		}
		return &mux.Error{Code: outOfStock}
	}).Serve)
	s, err := c.Start(context.Background(), "list")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var got []string
	for {
		m, err := s.ReadMessage(nil)
		if err != nil {
			if !errors.Is(err, &mux.Error{Code: outOfStock}) {
				t.Errorf("the end is %v", err)
			}
			break
		}
		got = append(got, string(m))
	}
	if !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("what came is %q", got)
	}
}

func TestMethodsHaveNamesOfTheirOwn(t *testing.T) {
	for want, add := range map[string]func(*muxnet.Methods){
		"without a name": func(m *muxnet.Methods) { m.Streaming("", nothing) },
		"added twice":    func(m *muxnet.Methods) { m.Streaming("a", nothing); m.Streaming("a", nothing) },
	} {
		func() {
			defer func() {
				if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), want) {
					t.Errorf("the panic is %v", v)
				}
			}()
			add(new(muxnet.Methods))
		}()
	}
}

// A server may call its clients: they accept the streams themselves.
func TestMethodsOfAClientAreCalled(t *testing.T) {
	c, server := pair(t, serving("nothing", nothing).Serve)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		methods := serving("nothing", nothing)
		for {
			s, err := c.AcceptStream(ctx)
			if err != nil {
				return
			}
			wg.Go(func() { methods.Serve(s) })
		}
	})
	if m, err := server.Call(ctx, "echo", []byte("who are you?"), nil); err != nil || string(m) != "who are you?" {
		t.Errorf("%q, %v", m, err)
	}
	cancel()
	wg.Wait()
}

func BenchmarkCall(b *testing.B) {
	c, _ := pair(b, serving("nothing", nothing).Serve)
	request := make([]byte, 64)
	for _, n := range []int{1, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() {
					var into []byte
					for range b.N / n {
						var err error
						if into, err = c.Call(context.Background(), "echo", request, into); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}
