package streams_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/compress"
	"github.com/leat-io/leat/codec/mux/streams"
	"github.com/leat-io/leat/internal/plainmux"
	"github.com/leat-io/leat/sources/muxnet"
	"github.com/leat-io/leat/sources/tcp"
)

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// Many streams of all lengths at once, from below a frame to above all windows.
func TestStreamsComeBackByteForByte(t *testing.T) {
	everyWay(t, assembly{}, func(t *testing.T, s *server) {
		c := s.dial(t)
		var all sync.WaitGroup
		for i := range 60 {
			st := openOn(t, c)
			all.Go(func() { mustEcho(t, st, noise([]int{0, 1, 64, 5000, 70_000, 1_500_000}[i%6]+i)) })
		}
		all.Wait()
		eventually(t, "all streams have ended", func() bool { return c.State().Ours == 0 })
	})
}

// A frame of DATA that comes in pieces is passed on in pieces, and the end with the last of them.
func TestALongFrameGoesOnAsItComes(t *testing.T) {
	s := assembly{}.start(t)
	raw := s.rough(t)
	if err := raw.Handshake(plainmux.Config{}); err != nil {
		t.Fatal(err)
	}
	want := noise(100_000)
	wire := mux.NewHeader(0, mux.Open, 0, 1).Append(nil)
	wire = mux.AppendData(wire, 1, mux.Fin, want)
	cuts := []int{8, 9, 16, 5000, 5001, 40_000, 40_001, len(wire) - 1, len(wire)}
	for i, from := 0, 0; i < len(cuts); from, i = cuts[i], i+1 {
		if err := raw.WriteBytes(wire[from:cuts[i]]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	var got []byte
	for {
		f, err := raw.Next()
		if err != nil {
			t.Fatal(err)
		}
		if f.Type != plainmux.Data {
			continue
		}
		if got = append(got, f.Payload...); f.Flags&plainmux.Fin != 0 {
			break
		}
	}
	if !bytes.Equal(got, want) {
		t.Errorf("of %d bytes %d came back, or others", len(want), len(got))
	}
	eventually(t, "several pieces are counted", func() bool { return s.pipeline.Stats().Node("session").Out >= 3 })
}

func TestChecksumsAndCompressionAreAgreedUpon(t *testing.T) {
	text := []byte(strings.Repeat("a leat leads water to where it works. ", 20_000))
	for name, c := range map[string]struct {
		config streams.Config
		opts   []muxnet.Option
		want   mux.Features
	}{
		"checksums":         {streams.Config{Checks: true}, []muxnet.Option{muxnet.Checksums()}, mux.Checksums},
		"only one side":     {streams.Config{Checks: true}, nil, 0},
		"s2":                {streams.Config{Compression: compress.S2}, []muxnet.Option{muxnet.Compress(compress.S2, 0)}, mux.S2},
		"zstd, checksums":   {streams.Config{Compression: compress.Zstd, Checks: true}, []muxnet.Option{muxnet.Compress(compress.Zstd, 0), muxnet.Checksums()}, mux.Zstandard | mux.Checksums},
		"different schemes": {streams.Config{Compression: compress.Zstd}, []muxnet.Option{muxnet.Compress(compress.S2, 0)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			everyWay(t, assembly{config: c.config}, func(t *testing.T, s *server) {
				conn := s.dial(t, c.opts...)
				mustEcho(t, openOn(t, conn), text)
				if got := conn.State().Features; got != c.want {
					t.Errorf("features %b, not %b", got, c.want)
				}
			})
		})
	}
}

// Calls meet the stage as whole messages, however long they are.
func TestCallsAreServedAsMessages(t *testing.T) {
	upper := func(m *streams.Message) { m.Payload = bytes.ToUpper(m.Payload) } // which is not nil where nothing came
	everyWay(t, assembly{serve: upper}, func(t *testing.T, s *server) {
		c := s.dial(t)
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				text := strings.Repeat(fmt.Sprint("call ", i, " "), 1+i*i*100)
				if i == 0 {
					text = ""
				}
				got, err := c.Call(soon(t), "upper", []byte(text), nil)
				if err != nil || string(got) != strings.ToUpper(text) {
					t.Errorf("call %d: %d bytes, %v", i, len(got), err)
				}
			})
		}
		all.Wait()
		st, err := c.Start(soon(t), "upper")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if err := st.WriteMessages([]byte("a"), nil, []byte(strings.Repeat("b", i*500))); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"A", "", strings.Repeat("B", i*500)} {
				if got, err := st.ReadMessage(nil); err != nil || string(got) != want {
					t.Fatalf("message of round %d: %q, %v", i, got, err)
				}
			}
		}
		if err := st.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got, err := st.ReadMessage(nil); err != io.EOF {
			t.Errorf("behind the end came %q, %v", got, err)
		}
		st.Close()
	})
}

func TestAMessageThatIsTooLongResetsItsStream(t *testing.T) {
	everyWay(t, assembly{config: streams.Config{MaxMessage: 1000}}, func(t *testing.T, s *server) {
		c := s.dial(t)
		if _, err := c.Call(soon(t), "echo", make([]byte, 1001), nil); !errors.Is(err, &mux.Error{Code: mux.TooLarge}) {
			t.Errorf("a message above the limit: %v", err)
		}
		if got, err := c.Call(soon(t), "echo", make([]byte, 1000), nil); err != nil || len(got) != 1000 {
			t.Errorf("one of the limit: %d bytes, %v", len(got), err)
		}
	})
}

// A stage sees what a stream was opened with, keeps something with it, and ends it with a code.
func TestAStageKnowsTheStream(t *testing.T) {
	serve := func(m *streams.Message) {
		method, _ := m.Stream.Opening().Metadata.Get(muxnet.MethodName)
		n, _ := m.Stream.Value.(int)
		m.Stream.Value = n + 1
		if string(method) == "refuse" {
			m.Reset(mux.Application+7, fmt.Sprint("not the ", n+1, ". time"))
			return
		}
		if m.Payload != nil {
			m.Payload = fmt.Appendf(nil, "%s %d of stream %d", method, n, m.Stream.ID())
		}
	}
	everyWay(t, assembly{serve: serve}, func(t *testing.T, s *server) {
		c := s.dial(t)
		for range 3 {
			st, err := c.Start(soon(t), "count")
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				if err := st.WriteMessage([]byte("x")); err != nil {
					t.Fatal(err)
				}
				if got, err := st.ReadMessage(nil); err != nil || string(got) != fmt.Sprintf("count %d of stream %d", i, st.ID()) {
					t.Fatalf("%q, %v", got, err)
				}
			}
			st.Close()
		}
		_, err := c.Call(soon(t), "refuse", nil, nil)
		if e, ok := errors.AsType[*mux.Error](err); !ok || e.Code != mux.Application+7 || e.Text != "not the 1. time" || !e.Remote {
			t.Errorf("refused with %v", err)
		}
	})
}

// A panic costs its connection and no other, and clients learn that it has ended.
func TestAPanicCostsItsConnection(t *testing.T) {
	serve := func(m *streams.Message) {
		if string(m.Payload) == "panic" {
			panic("as asked")
		}
	}
	everyWay(t, assembly{serve: serve}, func(t *testing.T, s *server) {
		other := s.dial(t)
		mustEcho(t, openOn(t, other), []byte("before"))
		c := s.dial(t)
		if got, err := c.Call(soon(t), "x", []byte("panic"), nil); err == nil {
			t.Errorf("a panic was answered %q", got)
		}
		<-c.Done()
		mustEcho(t, openOn(t, other), []byte("behind"))
	})
}

func TestWhoIsNotBelievedIsTold(t *testing.T) {
	known := mux.AppendPair(nil, "token", []byte("good"))
	config := streams.Config{Authenticate: func(m mux.Metadata) error {
		if v, _ := m.Get("token"); string(v) != "good" {
			return errors.New("no such token")
		}
		return nil
	}}
	everyWay(t, assembly{config: config}, func(t *testing.T, s *server) {
		mustEcho(t, openOn(t, s.dial(t, muxnet.Introduce(known))), []byte("hello"))
		c := s.dial(t)
		<-c.Done()
		if e, ok := errors.AsType[*mux.Error](c.Err()); !ok || e.Code != mux.Unauthenticated || !strings.Contains(e.Text, "no such token") {
			t.Errorf("the end is %v", c.Err())
		}
	})
}

func TestAnAuthenticateThatPanicsCostsItsConnection(t *testing.T) {
	config := streams.Config{Authenticate: func(m mux.Metadata) error {
		if len(m) > 0 {
			panic("what is this")
		}
		return nil
	}}
	s := assembly{config: config, options: []tcp.Option{tcp.Goroutines()}}.start(t)
	other := s.dial(t)
	mustEcho(t, openOn(t, other), []byte("before"))
	c := s.dial(t, muxnet.Introduce(mux.AppendPair(nil, "a", nil)))
	<-c.Done()
	mustEcho(t, openOn(t, other), []byte("behind"))
}

func TestAConfigWithoutSenseIsAnError(t *testing.T) {
	bad := mux.DefaultSettings
	bad.MaxFrame = 1
	for want, c := range map[string]streams.Config{
		"MAX_FRAME":    {Settings: &bad},
		"no algorithm": {Compression: 9},
	} {
		if _, err := streams.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

// What had arrived when the server stops is answered; what comes later is refused, or ends with the connection.
func TestCallsThatWereServedAreAnswered(t *testing.T) {
	everyWay(t, assembly{}, func(t *testing.T, s *server) {
		var all sync.WaitGroup
		var mu sync.Mutex
		answered := 0
		ctx, cancel := context.WithCancel(soon(t))
		defer cancel()
		for range 4 {
			c := s.dial(t)
			for range 16 {
				all.Go(func() {
					for {
						if _, err := c.Call(ctx, "echo", []byte("x"), nil); err != nil {
							return
						}
						mu.Lock()
						answered++
						mu.Unlock()
					}
				})
			}
		}
		eventually(t, "calls are answered", func() bool { mu.Lock(); defer mu.Unlock(); return answered > 500 })
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		all.Wait()
		if in := s.pipeline.Stats().Node("session").Out; in != uint64(answered) {
			t.Errorf("%d calls were received and %d answered", in, answered)
		}
	})
}

// An answer above all windows comes whole although the server stops while the client has read none of it, and so does one to what is asked
// behind the stop on a stream that was open before.
func TestALongAnswerIsCompleteWhenTheServerStops(t *testing.T) {
	long := noise(5 << 20)
	serve := func(m *streams.Message) {
		if m.Payload = nil; m.Fin {
			m.Payload = long
		}
	}
	everyWay(t, assembly{serve: serve}, func(t *testing.T, s *server) {
		c := s.dial(t)
		begun := openOn(t, c)
		if _, err := begun.Write([]byte("half of what is asked")); err != nil {
			t.Fatal(err)
		}
		st := openOn(t, c)
		if err := st.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is answered", func() bool { return s.pipeline.Stats().Node("send").In >= 2 })
		began, ended := time.Now(), make(chan error, 1)
		go func() { ended <- s.stop() }()
		time.Sleep(50 * time.Millisecond)
		late := s.dial(t)
		_ = st.SetDeadline(time.Now().Add(30 * time.Second))
		if got, err := io.ReadAll(st); err != nil || !bytes.Equal(got, long) {
			t.Errorf("%d bytes of %d came, %v", len(got), len(long), err)
		}
		if got, err := there(begun, []byte("the other half")); err != nil || !bytes.Equal(got, long) {
			t.Errorf("%d bytes of %d came, %v", len(got), len(long), err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the stop took %v", took)
		}
		if got, err := late.Call(soon(t), "x", nil, nil); err == nil {
			t.Errorf("a client of a server that stops got %d bytes", len(got))
		}
	})
}
