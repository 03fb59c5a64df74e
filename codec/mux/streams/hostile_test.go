package streams_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
	"github.com/leat-io/leat/codec/mux/streams"
	"github.com/leat-io/leat/internal/plainmux"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// rough is a client that keeps no rule.
func (s *server) rough(t *testing.T) *plainmux.RawConn {
	t.Helper()
	conn, err := net.Dial("tcp", s.source.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	raw := plainmux.Raw(conn)
	t.Cleanup(func() { raw.Close() })
	return raw
}

// What breaks the protocol is answered with a code that says so.
func TestWhatBreaksTheProtocolIsToldSo(t *testing.T) {
	settings := mux.DefaultSettings
	settings.StreamWindow = 1000
	s := assembly{config: streams.Config{Settings: &settings}}.start(t)
	other := s.dial(t)
	mustEcho(t, openOn(t, other), []byte("before"))
	type frame = plainmux.Frame
	open := frame{Type: plainmux.Open, Stream: 1}
	for name, c := range map[string]struct {
		frames []frame
		bytes  []byte // behind the frames
		want   plainmux.Code
	}{
		"a type that does not exist":         {bytes: []byte{0, 0, 0, 15, 0, 0, 0, 0}, want: plainmux.Protocol},
		"a frame above the limit":            {bytes: []byte{0, 0, 0xff, 0, 1, 0, 0, 0}, want: plainmux.TooLarge},
		"data on no stream":                  {frames: []frame{{Type: plainmux.Data, Stream: 9, Payload: []byte("x")}}, want: plainmux.Protocol},
		"a stream of the server's":           {frames: []frame{{Type: plainmux.Open, Stream: 2}}, want: plainmux.Protocol},
		"numbers that go backwards":          {frames: []frame{{Type: plainmux.Open, Stream: 3}, open}, want: plainmux.Protocol},
		"more than there is credit for":      {frames: []frame{open, {Type: plainmux.Data, Stream: 1, Payload: make([]byte, 1001)}}, want: plainmux.Credit},
		"a payload of the wrong length":      {frames: []frame{{Type: plainmux.Ping, Payload: []byte("short")}}, want: plainmux.Protocol},
		"compression that was not agreed":    {frames: []frame{open, {Type: plainmux.Data, Flags: plainmux.Compressed, Stream: 1, Payload: []byte{1, 1, 0}}}, want: plainmux.Malformed},
		"credit of the connection that sank": {frames: []frame{{Type: plainmux.CreditFrame, Payload: make([]byte, 8)}}, want: plainmux.Credit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := s.rough(t)
			if err := raw.Handshake(plainmux.Config{}); err != nil {
				t.Fatal(err)
			}
			for _, f := range c.frames {
				if err := raw.Write(f.Type, f.Flags, f.Stream, f.Payload); err != nil {
					t.Fatal(err)
				}
			}
			if len(c.bytes) > 0 {
				if err := raw.WriteBytes(c.bytes); err != nil {
					t.Fatal(err)
				}
			}
			wantEnd(t, raw, c.want)
			mustEcho(t, openOn(t, other), []byte("behind"))
		})
	}
}

// The same on each engine and wherever answers are made.
func TestTheReasonOfAnEndIsReceived(t *testing.T) {
	everyWay(t, assembly{}, func(t *testing.T, s *server) {
		raw := s.rough(t)
		if err := raw.Handshake(plainmux.Config{}); err != nil {
			t.Fatal(err)
		}
		if err := raw.Write(plainmux.Data, 0, 9, make([]byte, 1<<20)); err != nil { // much of it is never read
			t.Fatal(err)
		}
		wantEnd(t, raw, plainmux.Protocol)
	})
}

// wantEnd reads to the end of a connection, before which there is GOAWAY with that code.
func wantEnd(t *testing.T, raw *plainmux.RawConn, want plainmux.Code) {
	t.Helper()
	for said := false; ; {
		f, err := raw.Next()
		switch {
		case err != nil && !said:
			t.Fatalf("the end came without a reason: %v", err)
		case err != nil:
			if !errors.Is(err, io.EOF) {
				t.Errorf("behind the reason came %v", err)
			}
			return
		case f.Type == plainmux.GoAway:
			said = true
			if code := plainmux.Code(binary.LittleEndian.Uint32(f.Payload[4:])); code != want {
				t.Errorf("the code is %d and not %d: %q", code, want, f.Payload[8:])
			}
		}
	}
}

func TestWhatIsNoPrefaceEndsTheConnection(t *testing.T) {
	everyWay(t, assembly{}, func(t *testing.T, s *server) {
		c, err := net.Dial("tcp", s.source.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); err != nil {
			t.Errorf("an orderly end was expected, not %v", err)
		}
	})
}

// A client that sends much and reads nothing is stopped by the credit of its stream, and other streams go on.
func TestAClientThatReadsNoAnswersIsStopped(t *testing.T) {
	everyWay(t, assembly{}, func(t *testing.T, s *server) {
		c := s.dial(t)
		stuck := openOn(t, c)
		_ = stuck.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
		sent := 0
		for b := noise(64 << 10); ; {
			n, err := stuck.Write(b)
			if sent += n; err != nil {
				break
			}
			if sent > 64<<20 {
				t.Fatal("nothing stops it")
			}
		}
		if most := 4 << 20; sent > most {
			t.Errorf("%d bytes were taken of a client that reads nothing, more than %d", sent, most)
		}
		mustEcho(t, openOn(t, c), noise(3<<20))
		_ = stuck.SetDeadline(time.Now().Add(20 * time.Second))
		_ = stuck.CloseWrite()
		if got, err := io.ReadAll(stuck); err != nil || len(got) != sent {
			t.Errorf("of %d bytes %d came back in the end: %v", sent, len(got), err)
		}
	})
}

// Answers that are much longer than what was asked end their stream when nobody reads them.
func TestAnswersThatNobodyReadsEndTheirStream(t *testing.T) {
	long := noise(256 << 10)
	serve := func(m *streams.Message) {
		if m.Payload != nil {
			m.Payload = long
		}
	}
	limits := session.DefaultLimits
	limits.Held = 2 << 20
	everyWay(t, assembly{config: streams.Config{Limits: &limits}, serve: serve}, func(t *testing.T, s *server) {
		c := s.dial(t)
		st := openOn(t, c)
		_ = st.SetDeadline(time.Now().Add(20 * time.Second))
		var err error
		for range 1000 {
			if _, err = st.Write([]byte("x")); err != nil {
				break
			}
			time.Sleep(time.Millisecond) // otherwise they go as one
		}
		if err == nil {
			t.Fatal("a thousand answers were made that nobody reads")
		}
		if _, err = io.Copy(io.Discard, st); !errors.Is(err, &mux.Error{Code: mux.Limit}) {
			t.Errorf("the stream ended with %v", err)
		}
		got, err := c.Call(soon(t), "x", []byte("x"), nil)
		if err != nil || len(got) != len(long) {
			t.Errorf("another stream gets %d bytes, %v", len(got), err)
		}
	})
}

// Ten thousand streams that are opened and not read, as fast as they go, cost a bounded amount of memory.
func TestStreamsThatNobodyReadsCostLittle(t *testing.T) {
	settings := mux.DefaultSettings
	settings.MaxStreams = 10_000
	limits := session.DefaultLimits
	limits.Held = 4 << 20
	s := assembly{config: streams.Config{Settings: &settings, Limits: &limits}, options: []tcp.Option{tcp.Goroutines()}}.start(t)
	c := s.dial(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 10_000 {
		st := openOn(t, c)
		if _, err := st.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all have come", func() bool { return s.pipeline.Stats().Node("session").Out == 10_000 })
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := int64(after.HeapAlloc-before.HeapAlloc) / 10_000; each > 4<<10 { // of both sides
		t.Errorf("a stream that nobody reads costs %d bytes", each)
	}
	last := openOn(t, s.dial(t))
	mustEcho(t, last, []byte("another connection"))
}

// A frame that does not become complete ends its connection after the read timeout of the source.
func TestHalfAFrameAndThenSilence(t *testing.T) {
	l := stage.DefaultLimits
	l.Read = 300 * time.Millisecond
	everyWay(t, assembly{options: []tcp.Option{tcp.Limits(l)}}, func(t *testing.T, s *server) {
		raw := s.rough(t)
		if err := raw.Handshake(plainmux.Config{}); err != nil {
			t.Fatal(err)
		}
		if err := raw.WriteBytes([]byte{5, 0, 0, 1, 1}); err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := raw.Next(); err != nil {
				if !errors.Is(err, io.EOF) {
					t.Errorf("the end is %v", err)
				}
				return
			}
		}
	})
}

func TestFloodsEndTheConnection(t *testing.T) {
	s := assembly{}.start(t)
	for name, flood := range map[string]plainmux.Frame{
		"ping":     {Type: plainmux.Ping, Payload: make([]byte, 8)},
		"settings": {Type: plainmux.SettingsType, Payload: make([]byte, 2)},
		"priority": {Type: plainmux.Priority, Stream: 1, Payload: []byte{0, 0, 16, 0}},
		"empty":    {Type: plainmux.Data, Stream: 1},
		"goaway":   {Type: plainmux.GoAway, Payload: make([]byte, 8)},
	} {
		t.Run(name, func(t *testing.T) {
			raw := s.rough(t)
			if err := raw.Handshake(plainmux.Config{}); err != nil {
				t.Fatal(err)
			}
			if err := raw.Write(plainmux.Open, 0, 1, nil); err != nil {
				t.Fatal(err)
			}
			for range 3000 {
				if err := raw.Write(flood.Type, flood.Flags, flood.Stream, flood.Payload); err != nil {
					break
				}
			}
			wantEnd(t, raw, plainmux.Limit)
		})
	}
}
