package muxnet_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/compress"
	"github.com/leat-io/leat/codec/mux/session"
	"github.com/leat-io/leat/internal/plainmux"
	"github.com/leat-io/leat/sources/muxnet"
)

// beside is the client's end of a connection that is to be attacked. In the end it is checked that another one of the same server is served.
func beside(t *testing.T, opts ...muxnet.Option) net.Conn {
	t.Helper()
	srv := &muxnet.Server{Options: opts, Handler: func(s *muxnet.Stream) {
		b := make([]byte, 5) // what comes behind it is never read
		if _, err := io.ReadFull(s, b); err == nil {
			_, _ = s.Write(b)
		}
		<-s.Conn().Done()
	}}
	serve := func() net.Conn {
		near, far := sockets(t)
		if _, err := srv.ServeConn(far); err != nil {
			t.Fatal(err)
		}
		return near
	}
	attacker := serve()
	other, err := muxnet.Client(serve(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, other)
	t.Cleanup(func() {
		attacker.Close()
		hello(t, s)
		other.Close()
		srv.Close()
	})
	return attacker
}

// hello has five bytes echoed.
func hello(t *testing.T, s *muxnet.Stream) {
	t.Helper()
	_ = s.SetDeadline(time.Now().Add(10 * time.Second))
	b := []byte("hello")
	_, err := s.Write(b)
	if _, again := io.ReadFull(s, b); errors.Join(err, again) != nil || string(b) != "hello" {
		t.Errorf("%q came back, %v, %v", b, err, again)
	}
}

func TestAWrongBeginningEndsTheConnection(t *testing.T) {
	preface := func(low, high uint8) []byte { return mux.Preface{Low: low, High: high}.Append(nil) }
	for name, c := range map[string]struct {
		said []byte
		code mux.Code // of the GOAWAY; 0 is none, because there is no valid preface
	}{
		"http":                        {[]byte("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"), 0},
		"a version of the future":     {preface(2, 3), 0},
		"versions upside down":        {preface(1, 0), 0},
		"the first frame is PING":     {mux.AppendPing(preface(1, 1), 1), mux.Protocol},
		"a first frame that is long":  {mux.NewHeader(mux.MostPayload, mux.Setting, 0, 0).Append(preface(1, 1)), mux.TooLarge},
		"half a preface":              {preface(1, 1)[:9], 0},
		"a preface and nothing":       {preface(1, 1), mux.Timeout},
		"a preface and half SETTINGS": {append(preface(1, 1), 2, 0, 0), mux.Timeout},
	} {
		t.Run(name, func(t *testing.T) {
			conn := beside(t, muxnet.HandshakeTime(400*time.Millisecond))
			if _, err := conn.Write(c.said); err != nil {
				t.Fatal(err)
			}
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			b, err := io.ReadAll(conn)
			if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
				t.Fatal("the connection is not closed")
			}
			b = bytes.TrimPrefix(b, mux.AppendSettings(preface(1, 1), &mux.DefaultSettings, &mux.DefaultSettings, nil))
			switch {
			case c.code == 0 && len(b) > 0:
				t.Errorf("% x was said", b)
			case c.code != 0 && (len(b) < 16 || mux.ReadHeader(b).Type() != mux.GoAway || b[12] != byte(c.code)):
				t.Errorf("% x was said, which is no GOAWAY with %v", b, c.code)
			}
		})
	}
}

func TestWhatIsBrokenEndsTheConnection(t *testing.T) {
	data := func(f plainmux.Flags, payload []byte) plainmux.Frame {
		return plainmux.Frame{Type: plainmux.Data, Flags: f, Stream: 1, Payload: payload}
	}
	bomb := append([]byte{1, 0x80, 0x80, 0x40}, make([]byte, 100)...) // says that it was a mebibyte
	sealed := mux.Seal(mux.AppendPing(nil, 1), 0)
	sealed[len(sealed)-1] ^= 1
	for name, c := range map[string]struct {
		features uint32
		frames   []plainmux.Frame
		bytes    []byte
		code     plainmux.Code
	}{
		"bomb":                    {2, []plainmux.Frame{data(plainmux.Compressed, bomb)}, nil, plainmux.Malformed},
		"a size that is not so":   {2, []plainmux.Frame{data(plainmux.Compressed, []byte{1, 9, 1, 0, 'x'})}, nil, plainmux.Malformed},
		"another algorithm":       {2, []plainmux.Frame{data(plainmux.Compressed, []byte{2, 1, 1, 0, 'x'})}, nil, plainmux.Malformed},
		"a wrong checksum":        {1, nil, sealed, plainmux.Corrupt},
		"no checksum":             {1, nil, mux.AppendPing(nil, 1), plainmux.Corrupt},
		"an unwanted checksum":    {0, nil, mux.Seal(mux.AppendPing(nil, 1), 0), plainmux.Protocol},
		"above the connection's":  {0, []plainmux.Frame{data(0, make([]byte, 60<<10)), data(0, make([]byte, 60<<10))}, nil, plainmux.Credit},
		"too large, and not sent": {0, nil, mux.NewHeader(mux.MostPayload, mux.Data, 0, 1).Append(nil), plainmux.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			settings, limits := mux.DefaultSettings, session.DefaultLimits
			settings.ConnectionWindow, limits.Held = 64<<10, 16<<10
			opts := []muxnet.Option{muxnet.Settings(settings), muxnet.Limits(limits), muxnet.Compress(compress.S2, 0)}
			if c.features == 1 {
				opts = append(opts, muxnet.Checksums())
			}
			raw := plainmux.Raw(beside(t, opts...))
			greet(t, raw, plainmux.Config{Features: c.features})
			put(t, raw, append([]plainmux.Frame{{Type: plainmux.Open, Stream: 1}}, c.frames...)...)
			if err := raw.WriteBytes(c.bytes); err != nil {
				t.Fatal(err)
			}
			wantGoAway(t, raw, c.code)
			if _, err := raw.Next(); err == nil {
				t.Error("something was said behind GOAWAY")
			}
		})
	}
}

// Errors of a stream cost that stream: the connection goes on.
func TestErrorsOfAStreamEndItAlone(t *testing.T) {
	for name, c := range map[string]struct {
		frame plainmux.Frame
		code  plainmux.Code
	}{
		"data behind the end": {plainmux.Frame{Type: plainmux.Data, Payload: []byte("x")}, plainmux.Ended},
		"an end behind it":    {plainmux.Frame{Type: plainmux.Data, Flags: plainmux.Fin}, plainmux.Ended},
		"credit that sinks":   {plainmux.Frame{Type: plainmux.CreditFrame, Payload: total(1)}, plainmux.Credit},
	} {
		t.Run(name, func(t *testing.T) {
			raw := plainmux.Raw(beside(t))
			greet(t, raw, plainmux.Config{})
			c.frame.Stream = 1
			put(t, raw, plainmux.Frame{Type: plainmux.Open, Flags: plainmux.Fin, Stream: 1}, plainmux.Frame{Type: plainmux.Open, Stream: 3})
			if c.code == plainmux.Credit {
				c.frame.Stream = 3
			}
			put(t, raw, c.frame)
			wantReset(t, raw, c.code)
			put(t, raw, c.frame, plainmux.Frame{Type: plainmux.Ping, Payload: total(1)}) // now it is closed: ignored
			await(t, raw, plainmux.Pong)
		})
	}
}

// Ten thousand streams are opened and filled, and never read: what they hold is bounded, and another stream works, because their windows
// fit into what may be held.
func TestManyStreamsThatNobodyReadsLeaveRoomForAnother(t *testing.T) {
	const streams, window = 10_000, 4 << 10
	settings := mux.DefaultSettings
	settings.MaxStreams, settings.StreamWindow = streams+1, window
	quiet := make(chan struct{})
	c, server := pair(t, func(s *muxnet.Stream) {
		if s.ID() == 2*streams+1 {
			echo(s)
			return
		}
		<-quiet
	}, muxnet.Settings(settings))
	defer close(quiet)
	for range streams {
		s := open(t, c)
		_ = s.SetWriteDeadline(time.Now().Add(10 * time.Second))
		if _, err := s.Write(make([]byte, window)); err != nil {
			t.Fatal(err)
		}
	}
	hello(t, open(t, c))
	if held := server.State().Held; held < streams*window || held > streams*window+64<<10 { // of the other a few bytes are told of later
		t.Errorf("%d bytes are held and not %d", held, streams*window)
	}
}

// Above what may be held the connection gets no more credit, and gets it again when something is read.
func TestWhatIsHeldIsBounded(t *testing.T) {
	const most = 256 << 10
	limits := session.DefaultLimits
	limits.Held = most
	read := make(chan struct{})
	c, server := pair(t, func(s *muxnet.Stream) { <-read; _, _ = io.Copy(io.Discard, s) }, muxnet.Limits(limits))
	written := make(chan error)
	for range 32 {
		s := open(t, c)
		go func() {
			_, err := s.Write(make([]byte, 200<<10))
			written <- err
		}()
	}
	for i := 0; i < 100 && server.State().Held <= most; i++ {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	if held := server.State().Held; held <= most || held > most+server.State().Window {
		t.Errorf("%d bytes are held, where %d and a window of %d may be", held, most, server.State().Window)
	}
	close(read)
	for range 32 {
		if err := <-written; err != nil {
			t.Error(err)
		}
	}
}
