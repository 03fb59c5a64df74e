package streams_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/mux/streams"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/muxnet"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// A server is an assembly that serves streams.
type server struct {
	source   *tcp.Source
	pipeline *pipeline.Pipeline
	stop     func() error // may be called more than once
}

// An assembly says how a server is built.
type assembly struct {
	config  streams.Config
	options []tcp.Option
	lanes   int // that serve; 0 is the one that reads
	serve   func(*streams.Message)
}

func (a assembly) start(t *testing.T) *server {
	t.Helper()
	mx, err := streams.New(a.config)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{source: tcp.Listen("127.0.0.1:0", a.options...), pipeline: pipeline.New("mux", pipeline.Log(slog.New(slog.DiscardHandler)))}
	if err := s.source.Bind(); err != nil {
		t.Fatal(err)
	}
	flow := s.pipeline.From(s.source).Via("decode", codec.Decode(mx.Frames())).Via("session", mx.Session())
	if a.lanes > 0 {
		flow = flow.Shard("by stream", a.lanes, streams.ByStream, queue.Ring)
	}
	if a.serve != nil {
		flow = flow.Via("serve", stage.Do(a.serve))
	}
	flow.To("send", streams.Send())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.pipeline.Run(ctx) }()
	s.stop = func() error {
		cancel()
		err := <-ended
		ended <- err
		return err
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// everyWay runs f with a server on each engine, on the lane that reads and on others.
func everyWay(t *testing.T, a assembly, f func(t *testing.T, s *server)) {
	engines := map[string]tcp.Option{"goroutines": tcp.Goroutines()}
	if runtime.GOOS == "linux" {
		engines["reactor"] = tcp.Reactor(1)
		engines["io_uring"] = tcp.IOUring(1)
	}
	for name, engine := range engines {
		for lanes, how := range map[int]string{0: "fused", 3: "sharded"} {
			t.Run(name+" "+how, func(t *testing.T) {
				own := a
				own.lanes, own.options = lanes, append([]tcp.Option{engine}, a.options...)
				s := own.start(t)
				f(t, s)
				if err := s.stop(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func (s *server) dial(t *testing.T, opts ...muxnet.Option) *muxnet.Conn {
	t.Helper()
	c, err := muxnet.Dial(soon(t), "tcp", s.source.Addr().String(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// soon is a context that ends a test that hangs.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func openOn(t *testing.T, c *muxnet.Conn) *muxnet.Stream {
	t.Helper()
	s, err := c.Open(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// there sends b on a stream, ends that direction, and returns what comes back.
func there(s *muxnet.Stream, b []byte) ([]byte, error) {
	_ = s.SetDeadline(time.Now().Add(30 * time.Second))
	sent := make(chan error, 1)
	go func() {
		_, err := s.Write(b)
		sent <- errors.Join(err, s.CloseWrite())
	}()
	got, err := io.ReadAll(s)
	return got, errors.Join(err, <-sent, s.Close())
}

func mustEcho(t *testing.T, s *muxnet.Stream, b []byte) {
	t.Helper()
	got, err := there(s, b)
	if err != nil || !bytes.Equal(got, b) {
		t.Errorf("of %d bytes %d came back: %v", len(b), len(got), err)
	}
}

// eventually waits for something that takes its time.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain until ", what)
		}
	}
}
