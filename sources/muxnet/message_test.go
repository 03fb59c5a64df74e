package muxnet_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/internal/plainmux"
	"github.com/leat-io/leat/sources/muxnet"
)

// echoMessages sends back what comes, one message after the other.
func echoMessages(s *muxnet.Stream) {
	var buf []byte
	for {
		m, err := s.ReadMessage(buf)
		if err != nil {
			return
		}
		if err := s.WriteMessage(m); err != nil {
			return
		}
		buf = m
	}
}

func openMessages(t testing.TB, c *muxnet.Conn) *muxnet.Stream {
	t.Helper()
	s, err := c.OpenAs(context.Background(), &mux.Opening{Messages: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMessagesComeBackWhole(t *testing.T) {
	c, _ := pair(t, echoMessages)
	s := openMessages(t, c)
	var sent [][]byte
	for _, n := range []int{0, 1, 127, 128, 20_000, 70_000, 0, 3 << 20, 5} { // the largest is longer than the window
		sent = append(sent, bytes.Repeat([]byte{byte(n)}, n))
	}
	go func() {
		for _, m := range sent[:3] {
			if err := s.WriteMessage(m); err != nil {
				t.Error(err)
			}
		}
		if err := s.WriteMessages(sent[3:]...); err != nil {
			t.Error(err)
		}
		if err := s.CloseWrite(); err != nil {
			t.Error(err)
		}
	}()
	for i, m := range sent {
		got, err := s.ReadMessage(nil)
		if err != nil || !bytes.Equal(got, m) {
			t.Fatalf("message %d: %d bytes of %d, %v", i, len(got), len(m), err)
		}
	}
	if m, err := s.ReadMessage(nil); err != io.EOF {
		t.Errorf("behind the end: %q, %v", m, err)
	}
}

func TestAMessageIsReadIntoTheMemoryThatItFitsIn(t *testing.T) {
	c, _ := pair(t, echoMessages)
	s := openMessages(t, c)
	if err := s.WriteMessages([]byte("hello"), []byte("longer than the memory")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 0, 8)
	m, err := s.ReadMessage(buf)
	if err != nil || string(m) != "hello" || &m[0] != &buf[:1][0] {
		t.Errorf("%q, %v", m, err)
	}
	if m, err = s.ReadMessage(buf); err != nil || string(m) != "longer than the memory" {
		t.Errorf("%q, %v", m, err)
	}
	_ = s.Close()
}

func TestMessagesNeedAStreamOfThem(t *testing.T) {
	c, _ := pair(t, echo)
	s := open(t, c)
	if err := s.WriteMessage(nil); err == nil || !strings.Contains(err.Error(), "Messages of its mux.Opening") {
		t.Errorf("WriteMessage: %v", err)
	}
	if _, err := s.ReadMessage(nil); err == nil || !strings.Contains(err.Error(), "carries bytes") {
		t.Errorf("ReadMessage: %v", err)
	}
	_ = s.Close()
}

func TestAMessageAboveTheLimitResetsItsStream(t *testing.T) {
	first, failed := make(chan struct{}), make(chan error, 1)
	c, _ := pair(t, func(s *muxnet.Stream) {
		m, err := s.ReadMessage(nil)
		if err != nil || len(m) != 100 {
			t.Errorf("%d bytes, %v", len(m), err)
		}
		close(first)
		_, err = s.ReadMessage(nil)
		failed <- err
	}, muxnet.MaxMessage(100))
	s := openMessages(t, c)
	if err := s.WriteMessage(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	<-first
	if err := s.WriteMessage(make([]byte, 101)); err != nil {
		t.Fatal(err)
	}
	_, err := s.ReadMessage(nil)
	if e, ok := errors.AsType[*mux.Error](err); !ok || e.Code != mux.TooLarge || !e.Remote {
		t.Errorf("the sender is told %v", err)
	}
	if err := <-failed; !errors.Is(err, &mux.Error{Code: mux.TooLarge}) {
		t.Errorf("the reader is told %v", err)
	}
}

// messagesOpen opens stream 1 as one of messages.
var messagesOpen = plainmux.Frame{Type: plainmux.Open, Stream: 1, Payload: []byte{1, 0, 0, 0, 0, 0, 0, 0}}

func dataOn1(f plainmux.Flags, payload string) plainmux.Frame {
	return plainmux.Frame{Type: plainmux.Data, Flags: f, Stream: 1, Payload: []byte(payload)}
}

func TestBytesThatAreNoMessagesResetTheirStream(t *testing.T) {
	for name, frames := range map[string][]plainmux.Frame{
		"the end within a message":         {dataOn1(plainmux.Fin, "\x05hell")},
		"the end within a length":          {dataOn1(0, "\x80"), dataOn1(plainmux.Fin, "")},
		"a packed end within a message":    {dataOn1(plainmux.Packed, "\x02hi\x05hell")},
		"a packed beginning within one":    {dataOn1(0, "\x05he"), dataOn1(plainmux.Packed, "\x02hi")},
		"a length that is not shortest":    {dataOn1(0, "\x80\x00")},
		"a length above all":               {dataOn1(0, "\xff\xff\xff\xff\x7f")},
		"an empty packed payload within":   {dataOn1(0, "\x05he"), dataOn1(plainmux.Packed, "")},
		"a packed payload within a length": {dataOn1(0, "\x80"), dataOn1(plainmux.Packed, "\x01")},
	} {
		t.Run(name, func(t *testing.T) {
			failed := make(chan error, 1)
			raw, _ := rough(t, func(s *muxnet.Stream) {
				var err error
				for err == nil {
					_, err = s.ReadMessage(nil)
				}
				failed <- err
			})
			greet(t, raw, plainmux.Config{})
			put(t, raw, messagesOpen)
			put(t, raw, frames...)
			wantReset(t, raw, plainmux.Malformed)
			if err := <-failed; !errors.Is(err, &mux.Error{Code: mux.Malformed}) {
				t.Errorf("the reader is told %v", err)
			}
		})
	}
}

// Who has said that it wants no more does not look at what still comes.
func TestMessagesThatNobodyWantsAreNotChecked(t *testing.T) {
	left := make(chan struct{})
	raw, _ := rough(t, func(s *muxnet.Stream) {
		if err := s.CloseRead(); err != nil {
			t.Error(err)
		}
		<-left
		if err := s.WriteMessage([]byte("all is well")); err != nil {
			t.Error(err)
		}
	})
	greet(t, raw, plainmux.Config{})
	put(t, raw, messagesOpen)
	await(t, raw, plainmux.Stop)
	put(t, raw, dataOn1(plainmux.Fin, "\x05hell"))
	close(left)
	if f := await(t, raw, plainmux.Data); string(f.Payload) != "\x0ball is well" {
		t.Errorf("what came is %q", f.Payload)
	}
}

func TestAReadOfAMessageGoesOnBehindItsDeadline(t *testing.T) {
	srv := &muxnet.Server{Handler: func(s *muxnet.Stream) {
		for _, part := range []string{"\x80", "\x01" + strings.Repeat("a", 50), strings.Repeat("b", 78)} {
			time.Sleep(time.Second)
			if _, err := s.Write([]byte(part)); err != nil {
				t.Error(err)
			}
		}
	}}
	bubble(t, srv, func(t *testing.T, c, _ *muxnet.Conn) {
		s := openMessages(t, c)
		buf := make([]byte, 0, 128)
		for i := range 5 {
			_ = s.SetReadDeadline(time.Now().Add(590 * time.Millisecond))
			if m, err := s.ReadMessage(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("read %d: %q, %v", i, m, err)
			}
			clear(buf[:cap(buf)]) // it is ours again
		}
		_ = s.SetReadDeadline(time.Time{})
		if m, err := s.ReadMessage(buf); err != nil || string(m) != strings.Repeat("a", 50)+strings.Repeat("b", 78) {
			t.Errorf("%q, %v", m, err)
		}
		_ = s.Close()
	})
}

func TestAMessageThatIsCutShortResetsItsStream(t *testing.T) {
	failed := make(chan error, 1)
	srv := &muxnet.Server{Handler: func(s *muxnet.Stream) {
		time.Sleep(time.Minute)
		_, err := s.ReadMessage(nil)
		failed <- err
	}}
	bubble(t, srv, func(t *testing.T, c, _ *muxnet.Conn) {
		s := openMessages(t, c)
		_ = s.SetWriteDeadline(time.Now().Add(time.Second))
		if err := s.WriteMessage(make([]byte, 2<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the write: %v", err)
		}
		time.Sleep(2 * time.Minute)
		if err := <-failed; !errors.Is(err, &mux.Error{Code: mux.Cancelled}) {
			t.Errorf("the read: %v", err)
		}
	})
}
