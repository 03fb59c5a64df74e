package muxnet_test

import (
	"context"
	"errors"
	"io"

	"testing"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/internal/plainmux"
	"github.com/leat-io/leat/sources/muxnet"
)

// crossed is a server of this package and a client of the other implementation.
func crossed(t *testing.T, handler func(*muxnet.Stream), c plainmux.Config) (*plainmux.Conn, *muxnet.Conn) {
	t.Helper()
	near, far := sockets(t)
	var opts []muxnet.Option
	if c.Features&plainmux.Checksums != 0 {
		opts = append(opts, muxnet.Checksums())
	}
	srv := &muxnet.Server{Handler: handler, Options: opts}
	server, err := srv.ServeConn(far)
	if err != nil {
		t.Fatal(err)
	}
	client, err := plainmux.Client(near, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		srv.Close()
	})
	return client, server
}

func plainOpen(t *testing.T, c *plainmux.Conn, o plainmux.Opening) *plainmux.Stream {
	t.Helper()
	s, err := c.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each direction ends by itself, whichever side ends it first.
func TestDirectionsEndByThemselvesBetweenImplementations(t *testing.T) {
	for _, features := range []uint32{0, plainmux.Checksums} {
		c, _ := crossed(t, func(s *muxnet.Stream) {
			_, _ = io.WriteString(s, "first")
			_ = s.CloseWrite()
			if b, err := io.ReadAll(s); err != nil || string(b) != "second" {
				t.Errorf("%q was read, and %v", b, err)
			}
		}, plainmux.Config{Features: features})
		s := plainOpen(t, c, plainmux.Opening{})
		if b, err := io.ReadAll(s); err != nil || string(b) != "first" {
			t.Errorf("%q was read, and %v", b, err)
		}
		if _, err := io.WriteString(s, "second"); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Who is stopped ends with an error that says so, and the stream goes on in the other direction.
func TestStopBetweenImplementations(t *testing.T) {
	wrote := make(chan error, 1)
	c, _ := crossed(t, func(s *muxnet.Stream) {
		_, err := s.Write(make([]byte, 8<<20))
		wrote <- err
		_, _ = io.Copy(io.Discard, s)
	}, plainmux.Config{})
	s := plainOpen(t, c, plainmux.Opening{})
	s.Stop(plainmux.Cancelled, "enough")
	var e *mux.Error
	if err := <-wrote; !errors.As(err, &e) || e.Code != mux.Cancelled || !e.Remote || e.Text != "enough" {
		t.Errorf("the write ended with %v", err)
	}
	if _, err := io.WriteString(s, "still read"); err != nil {
		t.Error(err)
	}

	near, far := sockets(t)
	stopped := make(chan error, 1)
	go func() {
		c, err := plainmux.Server(far, plainmux.Config{})
		if err != nil {
			stopped <- err
			return
		}
		defer c.Close()
		s, err := c.Accept()
		if err != nil {
			stopped <- err
			return
		}
		_, err = s.Write(make([]byte, 8<<20))
		stopped <- err
	}()
	client, err := muxnet.Client(near)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := open(t, client).CloseRead(); err != nil {
		t.Error(err)
	}
	var p *plainmux.Error
	if err := <-stopped; !errors.As(err, &p) || p.Code != plainmux.Cancelled || !p.Remote {
		t.Errorf("the write of the other implementation ended with %v", err)
	}
}

// Windows of a few bytes make many CREDIT, and all arrive.
func TestSmallWindowsBetweenImplementations(t *testing.T) {
	settings := plainmux.DefaultSettings()
	settings.StreamWindow, settings.ConnectionWindow, settings.MaxFrame = 10, 64<<10, 16<<10
	for _, features := range []uint32{0, plainmux.Checksums} {
		c, _ := crossed(t, echo, plainmux.Config{Features: features, Settings: &settings})
		if err := doubled(plainOpen(t, c, plainmux.Opening{}), 20_000); err != nil {
			t.Error(err)
		}
	}
}

// doubled sends n bytes and reads as many back.
func doubled(s *plainmux.Stream, n int) error {
	failed := make(chan error, 1)
	go func() {
		_, err := s.Write(make([]byte, n))
		failed <- errors.Join(err, s.CloseWrite())
	}()
	got, err := io.Copy(io.Discard, s)
	if err == nil && got != int64(n) {
		err = io.ErrUnexpectedEOF
	}
	return errors.Join(err, <-failed, s.Close())
}

// Behind GOAWAY what is open goes on, no more is opened, and the connection ends when the last stream has.
func TestGoAwayBetweenImplementations(t *testing.T) {
	c, server := crossed(t, echo, plainmux.Config{})
	s := plainOpen(t, c, plainmux.Opening{})
	b := []byte("hello")
	if _, err := s.Write(b); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(s, b); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	down := make(chan error, 1)
	go func() { down <- server.Shutdown(ctx) }()
	var refused *plainmux.Error
	for range 200 {
		again, err := c.Open(plainmux.Opening{Fin: true})
		if errors.As(err, &refused) {
			break
		}
		if err == nil {
			again.Reset(plainmux.Cancelled, "")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if refused == nil || refused.Code != plainmux.Refused {
		t.Errorf("Open ended with %v", refused)
	}
	if err := doubled(s, 300_000); err != nil {
		t.Errorf("the stream that was open: %v", err)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}

// Two sides that have nothing to say stay connected as long as each says that it is alive.
func TestSilenceBetweenImplementationsIsNotDeath(t *testing.T) {
	settings := plainmux.DefaultSettings()
	settings.Keepalive = 1000
	c, _ := crossed(t, echo, plainmux.Config{Settings: &settings})
	s := plainOpen(t, c, plainmux.Opening{})
	time.Sleep(2500 * time.Millisecond)
	if err := doubled(s, 1000); err != nil {
		t.Error(err)
	}
}

// What is said with OPEN arrives as it was said.
func TestOpeningsBetweenImplementations(t *testing.T) {
	said := make(chan mux.Opening, 1)
	c, _ := crossed(t, func(s *muxnet.Stream) { said <- s.Opening() }, plainmux.Config{})
	for _, o := range []plainmux.Opening{{Weight: 7}, {Class: 3}, {Messages: true, Deadline: time.Minute, Metadata: []plainmux.Pair{{Name: "a", Value: "b"}}}} {
		plainOpen(t, c, o)
		got := <-said
		weight := o.Weight
		if weight == 0 {
			weight = mux.DefaultWeight
		}
		if got.Weight != weight && (got.Weight != 0 || weight != mux.DefaultWeight) || got.Class != o.Class || got.Messages != o.Messages || got.Timeout != o.Deadline ||
			(len(got.Metadata) > 0) != (len(o.Metadata) > 0) {
			t.Errorf("%+v was said and %+v heard", o, got)
		}
	}
}
