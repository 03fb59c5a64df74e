package mem_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// echo runs s behind an echo of lines.
func echo(t *testing.T, s *mem.Source) (stop func() error) {
	text := line.Text(1 << 20)
	p := pipeline.New("echo")
	p.From(s).Via("decode", codec.Decode(text)).To("reply", sinks.Reply(text))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

func dial(t *testing.T, s *mem.Source) *mem.Client {
	t.Helper()
	c, err := s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnOptionWithoutSensePanics(t *testing.T) {
	bad := stage.DefaultLimits
	bad.InFlight = 0
	for want, o := range map[string]mem.Option{"not 0 and": mem.Loops(0), "and 0;": mem.MaxConns(0), "requests in flight": mem.Limits(bad)} {
		func() {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.Contains(r, want) {
					t.Errorf("%q is missing in %s", want, r)
				}
			}()
			mem.New(o)
		}()
	}
}

// A test can say how much a peer takes: the rest waits in the pipeline and comes when there is room.
func TestAClientTakesWhatFitsItsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mem.New()
		stop := echo(t, s)
		c := dial(t, s)
		c.Window(0)
		c.Write([]byte("hello world\n"))
		synctest.Wait()
		for _, w := range []int{0, 5, 12, 100} {
			c.Window(w)
			synctest.Wait()
			if n := c.Waiting(); n != min(w, 12) {
				t.Errorf("with a window of %d, %d bytes wait", w, n)
			}
		}
		b := make([]byte, 100)
		n, err := c.Read(b)
		if string(b[:n]) != "hello world\n" || err != nil {
			t.Errorf("%q %v", b[:n], err)
		}
		if c.Closed() {
			t.Error("closed")
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if n, err := c.Read(b); n != 0 || err != io.EOF || !c.Closed() {
			t.Errorf("behind the end: %d bytes, %v", n, err)
		}
		if _, err := c.Write(b); err != io.ErrClosedPipe {
			t.Errorf("a write behind the end: %v", err)
		}
	})
}

// A writer waits while the pipeline does not read, and goes on when it does.
func TestAWriterWaitsForThePipeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mem.New() // nobody reads yet
		c := dial(t, s)
		b := append(bytes.Repeat([]byte{'x'}, 200<<10), '\n')
		written := false
		go func() {
			if n, err := c.Write(b); n != len(b) || err != nil {
				t.Errorf("%d of %d bytes were written, %v", n, len(b), err)
			}
			written = true
			c.CloseWrite()
			if _, err := c.Write(b); !errors.Is(err, mem.ErrClosed) {
				t.Errorf("a write behind CloseWrite: %v", err)
			}
		}()
		synctest.Wait()
		if written {
			t.Error("200 KiB were written, and nobody has read them")
		}
		stop := echo(t, s)
		if got, err := io.ReadAll(c); !bytes.Equal(got, b) || err != nil {
			t.Errorf("%d bytes came back, %v", len(got), err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// Close wakes whoever waits at this end.
func TestCloseWakesReadersAndWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mem.New()
		c := dial(t, s)
		errs := make(chan error)
		go func() {
			_, err := c.Read(make([]byte, 1))
			errs <- err
		}()
		go func() {
			_, err := c.Write(make([]byte, 1<<20))
			errs <- err
		}()
		synctest.Wait()
		c.Close()
		for range 2 {
			if err := <-errs; !errors.Is(err, mem.ErrClosed) {
				t.Errorf("after Close: %v", err)
			}
		}
		if err := echo(t, s)(); err != nil {
			t.Error(err)
		}
	})
}

func TestDialFailsWhenTheSourceIsFullOrHasStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mem.New(mem.MaxConns(1))
		stop := echo(t, s)
		dial(t, s)
		if _, err := s.Dial(); err == nil || !strings.Contains(err.Error(), "as many connections as it may") {
			t.Errorf("a second connection of one: %v", err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if _, err := s.Dial(); err == nil || !strings.Contains(err.Error(), "has stopped") {
			t.Errorf("a connection behind the end: %v", err)
		}
	})
}
