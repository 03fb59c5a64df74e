package tlsio

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

var versions = []uint16{tls.VersionTLS12, tls.VersionTLS13}

func TestEveryByteArrivesHoweverLittleTheWireTakes(t *testing.T) {
	server, client := configs(t)
	for _, version := range versions {
		client.MaxVersion = version
		for _, room := range []int{7, 1000, 20_000, 1 << 20} {
			s, c := established(t, room, server, client)
			seed := rand.NewChaCha8([32]byte{byte(room)})
			sent := make([]byte, 300_000)
			seed.Read(sent)
			wrote := make(chan error, 1)
			go func() {
				err := c.writeAll(sent)
				if err == nil {
					err = c.CloseWrite()
				}
				for err == nil && c.Pending() {
					<-c.wire.changed
					err = c.Flush()
				}
				wrote <- err
			}()
			var got []byte
			b := make([]byte, 16<<10)
			var err error
			for err == nil {
				var n int
				n, err = s.until(b)
				got = append(got, b[:n]...)
			}
			if err != io.EOF || !bytes.Equal(got, sent) {
				t.Errorf("%s with room for %d: %d bytes of %d arrived, %v", tls.VersionName(version), room, len(got), len(sent), err)
			}
			if err := <-wrote; err != nil {
				t.Error(err)
			}
			if s.Pending() || c.Pending() {
				t.Error("something is still held")
			}
		}
	}
}

// What is encrypted and not taken counts as not taken, but for what the wire has taken of it.
func TestWhatTheWireHasNotTakenIsNotReported(t *testing.T) {
	server, client := configs(t)
	s, c := established(t, 64<<10, server, client)
	s.until(make([]byte, 0)) // nothing: the client is silent
	c.wire.out.room = 100
	b := make([]byte, 1000)
	n, err := c.Write(b)
	if err != nil || n > 100 {
		t.Fatalf("%d of 100 bytes with room were reported, %v", n, err)
	}
	if err := c.CloseWrite(); err != nil || c.Leaving() {
		t.Error("a stream that is not whole was said to be")
	}
	c.wire.out.room = 64 << 10
	m, err := c.Write(b[n:])
	if err != nil || n+m != len(b) || c.Pending() {
		t.Errorf("%d and %d bytes were reported, not %d: %v", n, m, len(b), err)
	}
	got := make([]byte, 2000)
	if n, err := s.until(got); n != len(b) || err != nil {
		t.Errorf("%d bytes arrived, %v", n, err)
	}
}

func TestAnEndIsTruncatedUnlessThePeerHasSaidIt(t *testing.T) {
	server, client := configs(t)
	for _, version := range versions {
		client.MaxVersion = version
		for what, cut := range map[string]func(*peer){
			"between records": func(*peer) {},
			"in a record": func(c *peer) {
				c.writeAll([]byte("never"))
				c.wire.out.b = c.wire.out.b[:len(c.wire.out.b)-1]
			},
		} {
			s, c := established(t, 64<<10, server, client)
			cut(c)
			c.wire.cut()
			for range 2 {
				if _, err := s.until(make([]byte, 100)); err != stage.ErrTruncated {
					t.Errorf("%s: %v", what, err)
				}
			}
		}
		s, c := established(t, 64<<10, server, client)
		c.writeAll([]byte("the end"))
		c.CloseWrite()
		c.wire.cut()
		b := make([]byte, 100)
		if n, err := s.until(b); string(b[:n]) != "the end" || err != nil && err != io.EOF {
			t.Errorf("%q, %v", b[:n], err)
		}
		if _, err := s.until(b); err != io.EOF {
			t.Errorf("an orderly end is %v", err)
		}
		if err := s.writeAll([]byte("half-closed")); err != nil {
			t.Error(err)
		}
		if n, err := c.until(b); string(b[:n]) != "half-closed" || err != nil {
			t.Errorf("%q, %v", b[:n], err)
		}
	}
}

// In TLS 1.2 an alert can be told from data before it is whole, and crypto/tls looks at it together with the data before it.
func TestDataComesBeforePartOfAnAlert(t *testing.T) {
	server, client := configs(t)
	client.MaxVersion = tls.VersionTLS12
	s, c := established(t, 64<<10, server, client)
	c.writeAll([]byte("data"))
	c.CloseWrite()
	in := s.wire.in
	last := in.b[len(in.b)-1]
	in.b = in.b[:len(in.b)-1]
	b := make([]byte, 100)
	if n, err := s.Read(b); string(b[:n]) != "data" || err != nil {
		t.Errorf("%q, %v", b[:n], err)
	}
	if n, err := s.Read(b); n != 0 || err != ErrAgain {
		t.Errorf("%d bytes, %v", n, err)
	}
	in.b = append(in.b, last)
	if _, err := s.Read(b); err != io.EOF {
		t.Errorf("the end is %v", err)
	}
}

func TestGarbageEndsASession(t *testing.T) {
	server, client := configs(t)
	for what, garbage := range map[string][]byte{
		"a record that was not encrypted": {23, 3, 3, 0, 40, 39: 1, 44: 0},
		"a record that is too long":       {23, 3, 3, 0xff, 0xff, 0},
		"no record":                       []byte("GET / HTTP/1.1\r\n\r\n"),
	} {
		s, c := established(t, 64<<10, server, client)
		c.wire.Write(garbage)
		if _, err := s.until(make([]byte, 100)); err == nil || err == io.EOF || err == stage.ErrTruncated {
			t.Errorf("%s: %v", what, err)
		}
		if !s.Pending() || s.Flush() != nil || s.Pending() {
			t.Errorf("%s: no alert was sent", what)
		}
		if _, err := c.until(make([]byte, 100)); err == nil || err == io.EOF {
			t.Errorf("%s: the peer sees %v", what, err)
		}
	}
}

func TestTheStateIsThatOfTheHandshake(t *testing.T) {
	server, client := configs(t)
	server.NextProtos, client.NextProtos = []string{"echo/1"}, []string{"other", "echo/1"}
	s, c := peers(64<<10, server, client, NewCrew(2))
	if s.State() != nil || s.Established() {
		t.Error("there is a state before the handshake")
	}
	if n, err := s.Write([]byte("early")); n != 0 || err != nil {
		t.Errorf("%d bytes were taken before the handshake, %v", n, err)
	}
	failed := make(chan error, 1)
	go func() { failed <- c.shakeHands() }()
	if err := errors.Join(s.shakeHands(), <-failed); err != nil {
		t.Fatal(err)
	}
	if st := s.State(); st.Version != tls.VersionTLS13 || st.NegotiatedProtocol != "echo/1" || st.ServerName != "localhost" {
		t.Errorf("%+v", st)
	}
}

// In steady state crypto/tls allocates nothing for a record, and neither do we.
func TestAnEchoAllocatesNothing(t *testing.T) {
	server, client := configs(t)
	for _, version := range versions {
		client.MaxVersion = version
		s, c := established(t, 64<<10, server, client)
		s.wire.in.b, c.wire.in.b = make([]byte, 0, 1<<20), make([]byte, 0, 1<<20)
		b, got := make([]byte, 64), make([]byte, 100)
		stagetest.Allocs(t, 0, func() {
			s.wire.in.b, c.wire.in.b = s.wire.in.b[:0], c.wire.in.b[:0]
			c.Write(b)
			n, _ := s.Read(got)
			s.Write(got[:n])
			if n, err := c.Read(got); n != len(b) || err != nil {
				t.Fatal(n, err)
			}
			if _, err := s.Read(got); err != ErrAgain {
				t.Fatal(err)
			}
		})
	}
}
