package plainmux_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/leat-io/leat/internal/plainmux"
)

func serveEcho(c *plainmux.Conn) {
	for {
		s, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			io.Copy(s, s)
			s.Close()
		}()
	}
}

func TestManyStreamsEchoAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, transport func(*testing.T) (net.Conn, net.Conn)) {
		for _, config := range []plainmux.Config{{}, small(), {Features: 7}} {
			a, b := transport(t)
			client, server := pair(t, a, b, config)
			go serveEcho(server)
			go serveEcho(client)
			var all sync.WaitGroup
			for i := range 40 {
				opener := []*plainmux.Conn{client, server}[i%2]
				all.Go(func() {
					s, err := opener.Open(plainmux.Opening{Class: uint8(i % 8), Weight: uint16(i), Metadata: []plainmux.Pair{{":method", "echo"}}})
					if err != nil {
						t.Error(err)
						return
					}
					want := bytes.Repeat([]byte(fmt.Sprint("stream ", i, ";")), 500)
					go func() { s.Write(want); s.CloseWrite() }()
					if got, err := io.ReadAll(s); err != nil || !bytes.Equal(got, want) {
						t.Errorf("stream %d: %d bytes, %v", s.Number(), len(got), err)
					}
					s.Close()
				})
			}
			all.Wait()
			if _, err := client.Ping(); err != nil {
				t.Error(err)
			}
		}
	})
}

func open(t *testing.T, client, server *plainmux.Conn, o plainmux.Opening) (ours, theirs *plainmux.Stream) {
	t.Helper()
	ours, err := client.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = server.Accept(); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

func TestAStreamIsHalfClosed(t *testing.T) {
	everywhere(t, func(t *testing.T, transport func(*testing.T) (net.Conn, net.Conn)) {
		a, b := transport(t)
		client, server := pair(t, a, b, plainmux.Config{})
		ours, theirs := open(t, client, server, plainmux.Opening{Fin: true})
		if _, err := ours.Write([]byte("x")); err == nil {
			t.Error("an ended stream was written")
		}
		if n, err := theirs.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Error(n, err)
		}
		theirs.Write([]byte("hello"))
		theirs.CloseWrite()
		if got, err := io.ReadAll(ours); string(got) != "hello" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestAResetDropsOrKeepsWhatHasArrived(t *testing.T) {
	for code, kept := range map[plainmux.Code]string{plainmux.Cancelled: "", 300: "hello"} {
		a, b := net.Pipe()
		client, server := pair(t, a, b, plainmux.Config{})
		ours, theirs := open(t, client, server, plainmux.Opening{})
		ours.Write([]byte("hello"))
		ours.Reset(code, "gone")
		client.Ping() // behind which all of it has arrived
		got, err := io.ReadAll(theirs)
		if string(got) != kept {
			t.Errorf("code %d: %q was read", code, got)
		}
		wantCode(t, err, code)
		if _, err := theirs.Write([]byte("x")); err == nil {
			t.Error("a stream that was reset was written")
		}
	}
}

func TestAStoppedStreamEndsAndSendsNothingMore(t *testing.T) {
	everywhere(t, func(t *testing.T, transport func(*testing.T) (net.Conn, net.Conn)) {
		a, b := transport(t)
		client, server := pair(t, a, b, small())
		ours, theirs := open(t, client, server, plainmux.Opening{Messages: true})
		theirs.Stop(300, "enough")
		err := ours.WriteMessage(make([]byte, 1<<20)) // ends within the message, which is no error then
		wantCode(t, err, 300)
		if _, err := theirs.ReadMessage(); !errors.Is(err, plainmux.ErrStopped) {
			t.Error(err)
		}
		if err := theirs.WriteMessage([]byte("still")); err != nil {
			t.Error(err)
		}
		theirs.CloseWrite()
		if m, err := ours.ReadMessage(); string(m) != "still" || err != nil {
			t.Errorf("%q, %v", m, err)
		}
		if _, err := ours.ReadMessage(); err != io.EOF {
			t.Error(err)
		}
	})
}

func TestBothSidesWriteMuchAndReadSlowly(t *testing.T) {
	everywhere(t, func(t *testing.T, transport func(*testing.T) (net.Conn, net.Conn)) {
		a, b := transport(t)
		client, server := pair(t, a, b, small())
		ours, theirs := open(t, client, server, plainmux.Opening{})
		var all sync.WaitGroup
		for _, s := range []*plainmux.Stream{ours, theirs} {
			all.Go(func() { s.Write(make([]byte, 200_000)); s.CloseWrite() })
			all.Go(func() {
				n := 0
				for b := make([]byte, 33); ; {
					k, err := s.Read(b)
					if n += k; err != nil {
						break
					}
				}
				if n != 200_000 {
					t.Errorf("%d bytes were read", n)
				}
			})
		}
		all.Wait()
	})
}

// A stream that nobody reads stops itself and no other.
func TestAnUnreadStreamHoldsUpNoOther(t *testing.T) {
	a, b := net.Pipe()
	config := plainmux.Config{}
	client, server := pair(t, a, b, config)
	var writers sync.WaitGroup
	for range 16 {
		unread, _ := open(t, client, server, plainmux.Opening{})
		writers.Go(func() { unread.Write(make([]byte, 1<<20)) })
	}
	ours, theirs := open(t, client, server, plainmux.Opening{})
	go func() { io.Copy(theirs, theirs); theirs.Close() }()
	go func() { ours.Write(make([]byte, 3<<20)); ours.CloseWrite() }()
	if n, err := io.Copy(io.Discard, ours); n != 3<<20 || err != nil {
		t.Error(n, err)
	}
	client.Close()
	writers.Wait()
}

func TestMessagesAreDividedInAnyWay(t *testing.T) {
	a, b := net.Pipe()
	raw, server := attack(t, a, b, plainmux.Config{})
	wire := append([]byte{2, 'h', 'i', 0, 200, 1}, bytes.Repeat([]byte("x"), 200)...)
	for cut := range 8 {
		number := uint32(2*cut + 1)
		raw.Write(plainmux.Open, 0, number, []byte{1, 0, 0, 0, 0, 0, 0, 0})
		if cut > 0 {
			raw.Write(plainmux.Data, 0, number, wire[:cut])
		}
		raw.Write(plainmux.Data, plainmux.Fin, number, wire[cut:])
		s, err := server.Accept()
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{2, 0, 200} {
			if m, err := s.ReadMessage(); len(m) != n || err != nil {
				t.Errorf("cut at %d: %d bytes, %v", cut, len(m), err)
			}
		}
		if _, err := s.ReadMessage(); err != io.EOF {
			t.Error(err)
		}
	}
}

func TestMessagesGivenTogetherArePacked(t *testing.T) {
	a, b := net.Pipe()
	raw, server := attack(t, a, b, plainmux.Config{})
	raw.Write(plainmux.Open, 0, 1, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	s, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.WriteMessages([]byte("hi"), []byte("yo")); err != nil {
		t.Fatal(err)
	}
	f, err := raw.Next()
	if err != nil || f.Flags != plainmux.Packed || string(f.Payload) != "\x02hi\x02yo" {
		t.Error(f, err)
	}
}

func TestMessagesLargerThanTheWindowPass(t *testing.T) {
	a, b := net.Pipe()
	client, server := pair(t, a, b, small())
	ours, theirs := open(t, client, server, plainmux.Opening{Messages: true})
	sizes := []int{50_000, 3, 0, 99, 100, 101}
	go func() {
		var all [][]byte
		for _, n := range sizes {
			all = append(all, make([]byte, n))
		}
		ours.WriteMessages(all...)
		ours.CloseWrite()
	}()
	for _, n := range sizes {
		if m, err := theirs.ReadMessage(); len(m) != n || err != nil {
			t.Errorf("%d bytes instead of %d, %v", len(m), n, err)
		}
	}
	if _, err := theirs.ReadMessage(); err != io.EOF {
		t.Error(err)
	}
}
