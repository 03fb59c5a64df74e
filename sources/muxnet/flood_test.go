package muxnet_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/internal/plainmux"
	"github.com/leat-io/leat/sources/muxnet"
)

func TestFloodsEndTheirConnectionAlone(t *testing.T) {
	on := func(typ plainmux.Type, payload int) func(int) []plainmux.Frame {
		return func(int) []plainmux.Frame {
			return []plainmux.Frame{{Type: typ, Stream: 1, Payload: make([]byte, payload)}}
		}
	}
	for name, frames := range map[string]func(i int) []plainmux.Frame{
		"ping": func(int) []plainmux.Frame { return []plainmux.Frame{{Type: plainmux.Ping, Payload: total(1)}} },
		"settings": func(int) []plainmux.Frame {
			return []plainmux.Frame{{Type: plainmux.SettingsType, Payload: make([]byte, 2)}}
		},
		"empty data": on(plainmux.Data, 0),
		"priority":   on(plainmux.Priority, 4),
		"rapid reset": func(i int) []plainmux.Frame {
			n := uint32(2*i + 3)
			return []plainmux.Frame{{Type: plainmux.Open, Stream: n}, {Type: plainmux.Reset, Stream: n, Payload: reason(plainmux.Cancelled)}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			raw := plainmux.Raw(beside(t))
			greet(t, raw, plainmux.Config{})
			put(t, raw, plainmux.Frame{Type: plainmux.Open, Stream: 1})
			done := make(chan struct{})
			go func() {
				defer close(done)
				for i := range 20_000 {
					for _, f := range frames(i) {
						if raw.Write(f.Type, f.Flags, f.Stream, f.Payload) != nil {
							return
						}
					}
				}
			}()
			wantGoAway(t, raw, plainmux.Limit)
			raw.Close()
			<-done
		})
	}
}

// A stream that was reset counts until its handler returns, so that opening and resetting costs no more handlers than waiting does.
func TestHandlersOfStreamsThatWereResetCount(t *testing.T) {
	const most = 20
	settings := mux.DefaultSettings
	settings.MaxStreams = most
	var running atomic.Int32
	release := make(chan struct{})
	raw, _ := rough(t, func(*muxnet.Stream) { running.Add(1); <-release }, muxnet.Settings(settings))
	defer close(release)
	greet(t, raw, plainmux.Config{})
	for i := range uint32(3 * most) {
		put(t, raw, plainmux.Frame{Type: plainmux.Open, Stream: 2*i + 1},
			plainmux.Frame{Type: plainmux.Reset, Stream: 2*i + 1, Payload: reason(plainmux.Cancelled)})
	}
	for range 2 * most {
		wantReset(t, raw, plainmux.Refused)
	}
	if n := running.Load(); n > most {
		t.Errorf("%d handlers run", n)
	}
}

// A stream that nobody reads stops itself, and one beside it works.
func TestOneStreamIsNotReadAndAnotherWorks(t *testing.T) {
	c, _ := pair(t, func(s *muxnet.Stream) {
		if s.ID() == 1 {
			<-s.Conn().Done()
			return
		}
		echo(s)
	})
	s := open(t, c)
	_ = s.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	if n, err := s.Write(make([]byte, 8<<20)); !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 || n >= 8<<20 {
		t.Errorf("%d bytes were written, and %v", n, err)
	}
	other := open(t, c)
	_ = other.SetDeadline(time.Now().Add(20 * time.Second))
	sent := bytes.Repeat([]byte("0123456789abcdef"), 256<<10) // 4 MiB, more than any window at the beginning
	go func() {
		_, _ = other.Write(sent)
		_ = other.CloseWrite()
	}()
	if got, err := io.ReadAll(other); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d of %d bytes came back, and %v", len(got), len(sent), err)
	}
}

// Both sides write and nobody reads: both hear of their deadlines, and the connection still works.
func TestBothSidesWriteUntilTheirDeadlines(t *testing.T) {
	wrote := make(chan error, 1)
	write := func(s *muxnet.Stream) error {
		_ = s.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
		_, err := s.Write(make([]byte, 64<<20))
		return err
	}
	c, _ := pair(t, func(s *muxnet.Stream) {
		if s.ID() > 1 {
			echo(s)
			return
		}
		wrote <- write(s)
		<-s.Conn().Done()
	})
	for _, err := range []error{write(open(t, c)), <-wrote} {
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the write ended with %v", err)
		}
	}
	hello(t, open(t, c))
}
