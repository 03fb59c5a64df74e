package udptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// patience is how long a check waits for what must come.
const patience = 10 * time.Second

// quiet is how long it waits for what must not come.
const quiet = 50 * time.Millisecond

// A run is a pipeline that runs.
type run struct {
	*suite
	Engine
	pipeline *pipeline.Pipeline
	cancel   context.CancelFunc
	ended    chan error
}

// start runs what declare makes of a fresh source until the check has ended.
func (s *suite) start(declare func(*pipeline.Flow[udp.Packet]), opts ...udp.Option) *run {
	s.Helper()
	return s.startWith(declare, nil, opts...)
}

func (s *suite) startWith(declare func(*pipeline.Flow[udp.Packet]), how []pipeline.Option, opts ...udp.Option) *run {
	s.Helper()
	e := s.make(s.TB, opts...)
	how = append([]pipeline.Option{pipeline.Log(slog.New(slog.DiscardHandler)), pipeline.DrainTime(patience)}, how...)
	r := &run{suite: s, Engine: e, pipeline: pipeline.New("check", how...), ended: make(chan error, 1)}
	declare(r.pipeline.From(e.Source))
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() { r.ended <- r.pipeline.Run(ctx) }()
	s.Cleanup(func() { _ = r.stop() }) // the check has looked at it
	return r
}

// stop ends the pipeline and returns what Run has returned, each time.
func (r *run) stop() error {
	r.cancel()
	select {
	case err := <-r.ended:
		r.ended <- err
		return err
	case <-time.After(2 * patience):
		r.Fatal("the pipeline does not end")
		return nil
	}
}

// well stops the pipeline, which is to end well.
func (r *run) well() {
	r.Helper()
	if err := r.stop(); err != nil {
		r.Error(err)
	}
}

func (r *run) dial() net.Conn {
	r.Helper()
	c, err := r.Dial()
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { c.Close() })
	return c
}

// gauge is a figure of the source, or 0.
func (r *run) gauge(name string) int {
	for _, g := range r.Source.Gauges() {
		if g.Name == name {
			n, err := strconv.Atoi(g.Value)
			if err != nil {
				r.Fatalf("the gauge %q is %q", name, g.Value)
			}
			return n
		}
	}
	return 0
}

// until waits for something that must become true.
func (s *suite) until(what string, f func() bool) {
	s.Helper()
	for end := time.Now().Add(patience); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.Fatal("waited in vain until", what)
		}
	}
}

func (s *suite) send(c net.Conn, b []byte) {
	s.Helper()
	if _, err := c.Write(b); err != nil {
		s.Fatal(err)
	}
}

// answer is the next datagram that c receives.
func (s *suite) answer(c net.Conn) []byte {
	s.Helper()
	b := make([]byte, 1<<16)
	_ = c.SetReadDeadline(time.Now().Add(patience))
	n, err := c.Read(b)
	if err != nil {
		s.Fatal(err)
	}
	return b[:n]
}

// silent says that c receives nothing.
func (s *suite) silent(c net.Conn) {
	s.Helper()
	b := make([]byte, 1<<16)
	_ = c.SetReadDeadline(time.Now().Add(quiet))
	if n, err := c.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
		s.Errorf("received %q, %v", b[:n], err)
	}
}

// echoes says that b comes back to c.
func (s *suite) echoes(c net.Conn, b []byte) {
	s.Helper()
	s.send(c, b)
	if got := s.answer(c); !bytes.Equal(got, b) {
		s.Errorf("%d bytes came back as %d others: %.40q, %.40q", len(b), len(got), b, got)
	}
}

// echo declares that each packet goes back.
func echo(f *pipeline.Flow[udp.Packet]) { f.To("send", udp.Send()) }

// before passes each packet through a function and then sends it back.
func before(f func(*udp.Packet)) func(*pipeline.Flow[udp.Packet]) {
	return func(flow *pipeline.Flow[udp.Packet]) { flow.Via("before", stage.Do(f)).To("send", udp.Send()) }
}

// pattern is n bytes that differ from those of other lengths.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*31 + n)
	}
	return b
}

func text(i int) []byte { return fmt.Appendf(nil, "%06d", i) }
