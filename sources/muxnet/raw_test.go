package muxnet_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
	"github.com/leat-io/leat/internal/plainmux"
	"github.com/leat-io/leat/sources/muxnet"
)

// rough is a server, its side of a connection, and the other side, which keeps no rule and has not introduced itself.
func rough(t *testing.T, handler func(*muxnet.Stream), opts ...muxnet.Option) (*plainmux.RawConn, *muxnet.Conn) {
	t.Helper()
	near, far := sockets(t)
	srv := &muxnet.Server{Handler: handler, Options: opts}
	c, err := srv.ServeConn(far)
	if err != nil {
		t.Fatal(err)
	}
	raw := plainmux.Raw(near)
	t.Cleanup(func() {
		raw.Close()
		srv.Close()
	})
	return raw, c
}

func greet(t *testing.T, raw *plainmux.RawConn, c plainmux.Config) {
	t.Helper()
	if err := raw.Handshake(c); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, raw *plainmux.RawConn, frames ...plainmux.Frame) {
	t.Helper()
	for _, f := range frames {
		if err := raw.Write(f.Type, f.Flags, f.Stream, f.Payload); err != nil {
			t.Fatal(err)
		}
	}
}

// await reads until a frame of that type comes.
func await(t *testing.T, raw *plainmux.RawConn, want plainmux.Type) plainmux.Frame {
	t.Helper()
	for {
		f, err := raw.Next()
		if err != nil {
			t.Fatalf("no frame of type %d came: %v", want, err)
		}
		if f.Type == want {
			return f
		}
	}
}

func wantGoAway(t *testing.T, raw *plainmux.RawConn, want plainmux.Code) {
	t.Helper()
	f := await(t, raw, plainmux.GoAway)
	if code := plainmux.Code(binary.LittleEndian.Uint32(f.Payload[4:])); code != want {
		t.Errorf("the code is %d and not %d: %q", code, want, f.Payload[8:])
	}
}

func wantReset(t *testing.T, raw *plainmux.RawConn, want plainmux.Code) {
	t.Helper()
	f := await(t, raw, plainmux.Reset)
	if code := plainmux.Code(binary.LittleEndian.Uint32(f.Payload)); code != want {
		t.Errorf("the code is %d and not %d: %q", code, want, f.Payload[4:])
	}
}

func total(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

func reason(c plainmux.Code) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(c)) }

func goAway(last uint32) plainmux.Frame {
	return plainmux.Frame{Type: plainmux.GoAway, Payload: binary.LittleEndian.AppendUint64(nil, uint64(last))}
}

func TestAFrameTimeBelowTheHandshakeTimeHolds(t *testing.T) {
	raw, _ := rough(t, echo, muxnet.FrameTime(200*time.Millisecond))
	greet(t, raw, plainmux.Config{})
	raw.SetWait(3 * time.Second) // less than the handshake time
	if err := raw.WriteBytes([]byte{5, 0, 0, 0, 1, 0, 0}); err != nil {
		t.Fatal(err)
	}
	wantGoAway(t, raw, plainmux.Timeout)
}

// A side that takes silence for death soon is not left to wait until the handshake time is over, nor for the pace of before.
func TestAShortKeepaliveIsKeptFromTheBeginning(t *testing.T) {
	for _, late := range []bool{false, true} {
		raw, _ := rough(t, echo)
		settings := plainmux.DefaultSettings()
		if !late {
			settings.Keepalive = 1000
		}
		greet(t, raw, plainmux.Config{Settings: &settings})
		await(t, raw, plainmux.Ping) // measures the round trip
		if late {
			put(t, raw, plainmux.Frame{Type: plainmux.SettingsType, Payload: []byte{1, 0, 5, 0, 0xe8, 3, 0, 0}})
		}
		raw.SetWait(900 * time.Millisecond)
		for range 3 {
			await(t, raw, plainmux.Ping)
		}
	}
}

// Who has not said that it speaks the protocol is told nothing behind preface and SETTINGS.
func TestNothingIsSaidBeforeThePrefaceHasCome(t *testing.T) {
	for name, end := range map[string]func(c *muxnet.Conn){
		"shutdown": func(c *muxnet.Conn) { _ = c.Shutdown(context.Background()) },
		"time":     func(*muxnet.Conn) {},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := sockets(t)
			srv := &muxnet.Server{Handler: echo, Options: []muxnet.Option{muxnet.HandshakeTime(300 * time.Millisecond), muxnet.Checksums()}}
			c, err := srv.ServeConn(far)
			if err != nil {
				t.Fatal(err)
			}
			defer srv.Close()
			go end(c)
			_ = near.SetDeadline(time.Now().Add(5 * time.Second))
			b, err := io.ReadAll(near)
			near.Close()
			if err != nil {
				t.Error(err)
			}
			if len(b) != 26 {
				t.Errorf("% x was said", b)
			}
		})
	}
}

// All who wait for room hear of the end, and not one of them alone.
func TestAllWhoWaitToOpenHearOfTheEnd(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *plainmux.RawConn, *muxnet.Conn){
		"goaway": func(t *testing.T, raw *plainmux.RawConn, _ *muxnet.Conn) { put(t, raw, goAway(0)) },
		"close":  func(_ *testing.T, _ *plainmux.RawConn, c *muxnet.Conn) { c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			raw, c := rough(t, echo)
			settings := plainmux.DefaultSettings()
			settings.MaxStreams = 0
			greet(t, raw, plainmux.Config{Settings: &settings})
			await(t, raw, plainmux.Ping)
			failed := make(chan error)
			for range 8 {
				go func() {
					ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
					defer cancel()
					_, err := c.Open(ctx)
					failed <- err
				}()
			}
			time.Sleep(20 * time.Millisecond)
			go end(t, raw, c)
			for range 8 {
				if err := <-failed; err == nil || errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Open ended with %v", err)
				}
			}
		})
	}
}

// A RESET that has what was received dropped must not look like the end in order.
func TestAResetBehindTheEndIsNoEndInOrder(t *testing.T) {
	arrived, done := make(chan *muxnet.Stream), make(chan struct{})
	raw, c := rough(t, func(s *muxnet.Stream) { arrived <- s; <-done })
	defer close(done)
	greet(t, raw, plainmux.Config{})
	put(t, raw, plainmux.Frame{Type: plainmux.Open, Stream: 1},
		plainmux.Frame{Type: plainmux.Data, Flags: plainmux.Fin, Stream: 1, Payload: []byte("all of it")},
		plainmux.Frame{Type: plainmux.Reset, Stream: 1, Payload: reason(plainmux.Cancelled)},
		plainmux.Frame{Type: plainmux.Ping, Payload: total(1)})
	s := <-arrived
	await(t, raw, plainmux.Pong)
	if b, err := io.ReadAll(s); !errors.Is(err, &mux.Error{Code: mux.Cancelled}) {
		t.Errorf("%q was read, and %v", b, err)
	}
	if held := c.State().Held; held != 0 {
		t.Errorf("%d bytes are held", held)
	}
}

// What counts as held counts no more once it was read to its end, or the stream was closed while a Read took it.
func TestWhatWasReadIsNotHeld(t *testing.T) {
	c, _ := pair(t, func(s *muxnet.Stream) { _, _ = s.Write(make([]byte, 100)) })
	for i := range 300 {
		s := open(t, c)
		if i%2 == 0 {
			if n, err := io.Copy(io.Discard, s); n != 100 || err != nil {
				t.Fatalf("%d bytes were read, and %v", n, err)
			}
			_ = s.CloseWrite()
			continue
		}
		read := make(chan struct{})
		go func() {
			defer close(read)
			_, _ = s.Read(make([]byte, 10))
		}()
		time.Sleep(time.Duration(i) * time.Microsecond)
		s.Close()
		<-read
	}
	for range 200 {
		if c.State().Held == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d bytes are held", c.State().Held)
}

func TestNumbersThatMustNotBeAreErrors(t *testing.T) {
	wide := func(n uint32) plainmux.Frame { return plainmux.Frame{Type: plainmux.Open, Stream: n} }
	for name, frames := range map[string][]plainmux.Frame{
		"first above 2^31":          {wide(1<<31 + 1)},
		"still open when they wrap": {wide(1), wide(1<<31 - 1), wide(1<<32 - 3), wide(1)},
		"goaway that rises":         {goAway(2), goAway(4)},
		"goaway that rises from 0":  {goAway(0), goAway(2)},
	} {
		t.Run(name, func(t *testing.T) {
			raw, _ := rough(t, func(s *muxnet.Stream) { <-s.Conn().Done() })
			greet(t, raw, plainmux.Config{})
			put(t, raw, frames...)
			wantGoAway(t, raw, plainmux.Protocol)
		})
	}
}

func TestNumbersWrapAround(t *testing.T) {
	raw, _ := rough(t, func(s *muxnet.Stream) { _, _ = io.WriteString(s, "hi") })
	greet(t, raw, plainmux.Config{})
	for _, n := range []uint32{1, 1<<31 - 1, 1<<32 - 3, 1<<32 - 1, 1, 3} {
		put(t, raw, plainmux.Frame{Type: plainmux.Open, Flags: plainmux.Fin, Stream: n})
		for {
			f := await(t, raw, plainmux.Data)
			if f.Stream != n {
				t.Fatalf("DATA came on stream %d and not %d", f.Stream, n)
			}
			if f.Flags&plainmux.Fin != 0 {
				break
			}
		}
	}
}

func TestPackedBytesEndTheirStreamAlone(t *testing.T) {
	raw, _ := rough(t, echo)
	greet(t, raw, plainmux.Config{})
	put(t, raw, plainmux.Frame{Type: plainmux.Open, Stream: 1},
		plainmux.Frame{Type: plainmux.Data, Flags: plainmux.Packed, Stream: 1, Payload: []byte{1, 'x'}})
	wantReset(t, raw, plainmux.Malformed)
	put(t, raw, plainmux.Frame{Type: plainmux.Ping, Payload: total(1)})
	await(t, raw, plainmux.Pong)
}

func TestAnEndWithinAFrameIsAnError(t *testing.T) {
	raw, c := rough(t, echo)
	greet(t, raw, plainmux.Config{})
	if err := raw.WriteBytes([]byte{5, 0, 0}); err != nil {
		t.Fatal(err)
	}
	await(t, raw, plainmux.Ping)
	time.Sleep(20 * time.Millisecond)
	raw.Close()
	<-c.Done()
	if err := c.Err(); err == nil || errors.Is(err, session.ErrEnded) {
		t.Errorf("the connection ended with %v", err)
	}
}

// stuck is a client whose other side has introduced itself and reads nothing more, over a pipe, which holds nothing.
func stuck(t *testing.T, settings plainmux.Settings) *muxnet.Conn {
	t.Helper()
	near, far := net.Pipe()
	c, err := muxnet.Client(near)
	if err != nil {
		t.Fatal(err)
	}
	raw := plainmux.Raw(far)
	greet(t, raw, plainmux.Config{Settings: &settings})
	t.Cleanup(func() {
		raw.Close()
		c.Close()
	})
	return c
}

// What this side does to streams of its own is no fault of a peer that is slow: many may be given up at once.
func TestManyStreamsAreGivenUpAtOnce(t *testing.T) {
	settings := plainmux.DefaultSettings()
	settings.MaxStreams = 5000
	c := stuck(t, settings)
	var all []*muxnet.Stream
	for range 5000 {
		all = append(all, open(t, c))
	}
	for _, s := range all {
		s.Reset(mux.Cancelled, "")
	}
	if _, err := c.Open(context.Background()); err != nil {
		t.Error(err)
	}
}

// A peer that opens and ends streams and reads nothing of the answers costs a bounded number of those.
func TestAPeerThatNeverReadsIsLimited(t *testing.T) {
	for name, handler := range map[string]func(*muxnet.Stream){
		"ends":     func(*muxnet.Stream) {},
		"refusals": func(s *muxnet.Stream) { <-s.Conn().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			near, far := net.Pipe()
			srv := &muxnet.Server{Handler: handler, Options: []muxnet.Option{muxnet.FrameTime(400 * time.Millisecond)}}
			c, err := srv.ServeConn(far)
			if err != nil {
				t.Fatal(err)
			}
			defer srv.Close()
			raw := plainmux.Raw(near)
			greet(t, raw, plainmux.Config{})
			for i := range uint32(100_000) {
				if raw.Write(plainmux.Open, plainmux.Fin, 2*i+1, nil) != nil {
					break
				}
				if i%1000 == 999 {
					time.Sleep(time.Millisecond) // lets the handlers return
				}
			}
			raw.Close()
			<-c.Done()
			if err := c.Err(); !errors.Is(err, &mux.Error{Code: mux.Limit}) {
				t.Errorf("the connection ended with %v", err)
			}
		})
	}
}

// A write that its deadline cuts short says so, even when the deadline is moved on at once.
func TestAShortWriteHasAnError(t *testing.T) {
	c, _ := pair(t, func(s *muxnet.Stream) { <-s.Conn().Done() })
	s := open(t, c)
	b := make([]byte, 1<<20)
	for range 100 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			if n, err := s.Write(b); n < len(b) && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%d bytes were written, and %v", n, err)
			}
		}()
		for ended := false; !ended; {
			_ = s.SetWriteDeadline(time.Now().Add(-time.Second))
			_ = s.SetWriteDeadline(time.Time{})
			select {
			case <-done:
				ended = true
			default:
			}
		}
	}
}
