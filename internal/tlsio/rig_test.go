package tlsio

import (
	"crypto/tls"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/leat-io/leat/internal/certtest"
	"github.com/leat-io/leat/stage"
)

// A stream is one direction between two wires, with room for so many bytes.
type stream struct {
	mu    sync.Mutex
	b     []byte
	room  int
	ended bool
}

// An end is a wire in memory, which tells its user when there is something to do.
type end struct {
	in, out *stream
	other   *end
	changed chan struct{}
}

func wires(room int) (a, b *end) {
	x, y := &stream{room: room}, &stream{room: room}
	a, b = &end{in: x, out: y, changed: make(chan struct{}, 1)}, &end{in: y, out: x, changed: make(chan struct{}, 1)}
	a.other, b.other = b, a
	return a, b
}

func (e *end) tell() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

func (e *end) Read(b []byte) (int, error) {
	e.in.mu.Lock()
	defer e.in.mu.Unlock()
	defer e.other.tell()
	n := copy(b, e.in.b)
	e.in.b = e.in.b[n:]
	switch {
	case n > 0:
		return n, nil
	case e.in.ended:
		return 0, io.EOF
	}
	return 0, ErrAgain
}

func (e *end) Write(b []byte) (int, error) {
	e.out.mu.Lock()
	defer e.out.mu.Unlock()
	defer e.other.tell()
	if e.out.ended {
		return 0, stage.ErrReset
	}
	n := min(len(b), e.out.room-len(e.out.b))
	e.out.b = append(e.out.b, b[:n]...)
	return n, nil
}

func (e *end) Room() {}

// cut ends what this end sends.
func (e *end) cut() {
	e.out.mu.Lock()
	e.out.ended = true
	e.out.mu.Unlock()
	e.other.tell()
}

// A peer is a session with its wire.
type peer struct {
	*Session
	wire *end
	done chan error
}

// shakeHands drives handshakes until they have ended, as a loop would.
func (p *peer) shakeHands() error {
	p.Handshake(func(err error) { p.done <- err })
	for {
		if err := p.Continue(); err != nil {
			return err
		}
		select {
		case err := <-p.done:
			return err
		case <-p.wire.changed:
		}
	}
}

// until calls Read until it says something else than that there is nothing.
func (p *peer) until(b []byte) (int, error) {
	for {
		n, err := p.Read(b)
		if err == nil && p.Pending() {
			err = p.Flush()
		}
		if n > 0 || err != ErrAgain {
			return n, err
		}
		<-p.wire.changed
	}
}

// writeAll writes all of b, as its peer takes it.
func (p *peer) writeAll(b []byte) error {
	for len(b) > 0 {
		n, err := p.Write(b)
		if err != nil {
			return err
		}
		if b = b[n:]; len(b) > 0 {
			<-p.wire.changed
		}
	}
	return nil
}

// peers makes both sides of a session; their handshakes have not begun.
func peers(room int, server, client *tls.Config, crew *Crew) (s, c *peer) {
	a, b := wires(room)
	s = &peer{Server(a, server, crew), a, make(chan error, 1)}
	c = &peer{Client(b, client, crew), b, make(chan error, 1)}
	return s, c
}

// configs are those of a server and of a client that trusts it.
func configs(t testing.TB) (server, client *tls.Config) {
	authority := certtest.New(t)
	return &tls.Config{Certificates: []tls.Certificate{authority.Issue("localhost")}}, authority.Client("localhost")
}

// established makes both sides of a session whose handshake has succeeded.
func established(t testing.TB, room int, server, client *tls.Config) (s, c *peer) {
	t.Helper()
	s, c = peers(room, server, client, NewCrew(10))
	failed := make(chan error, 1)
	go func() { failed <- c.shakeHands() }()
	if err := errors.Join(s.shakeHands(), <-failed); err != nil {
		t.Fatal(err)
	}
	return s, c
}
