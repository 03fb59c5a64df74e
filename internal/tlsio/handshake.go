package tlsio

import (
	"container/list"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/leat-io/leat/stage"
)

// A shake is what only a handshake needs.
type shake struct {
	server    bool
	hello     []byte        // what the client sent first, until crypto/tls takes it
	transport io.ReadWriter // which may wait
	done      func(error)
	signal    chan struct{} // something has happened that the goroutine may wait for
	aborted   atomic.Bool

	phase phase         // guarded by the crew's mu
	place *list.Element // guarded by the crew's mu: in the line
}

// A phase is how far a handshake is.
type phase uint8

const (
	arriving phase = iota // the first record has not arrived
	inLine                // it waits until it may have a goroutine
	running               // it has one
	over
)

func (sh *shake) wake() {
	select {
	case sh.signal <- struct{}{}:
	default:
	}
}

// errAborted is why a handshake ends that its connection does not wait for.
var errAborted = errors.New("the connection was given up before the end of the handshake")

// headerSize is that of a record (RFC 8446, section 5.1), and longestHello the most that a first one may hold.
const (
	headerSize   = 5
	longestHello = 16 << 10
)

// Handshake begins the handshake, which goes on by calls of [Session.Continue]. At its end, done is called on a goroutine of the
// session, as the last thing that happens there, unless Continue has returned an error or Abort has returned false before.
func (s *Session) Handshake(done func(error)) {
	sh := s.shake
	sh.done, sh.transport = done, parked{s}
	if !sh.server {
		s.crew.admit(s)
	}
}

// Continue goes on with the handshake: the wire may have something to read or, after Room, have room. What it returns is why
// the handshake has failed, if it did so before it had a goroutine.
func (s *Session) Continue() error {
	sh := s.shake
	if sh == nil || s.ready.Load() {
		return nil
	}
	switch s.crew.phaseOf(sh) {
	case arriving:
	case inLine:
		if s.limit.Load() < 0 || s.crew.giveUp(sh) {
			return nil
		}
		return stage.ErrStopped // what has arrived is not enough
	default:
		sh.wake()
		return nil
	}
	whole, err := s.greet(sh)
	switch {
	case err != nil:
		s.crew.failed(sh, err)
		return err
	case whole:
		s.crew.admit(s)
	}
	return nil
}

// greet reads the first record of a client, which costs no goroutine while it drips in, and says whether it is whole.
func (s *Session) greet(sh *shake) (whole bool, err error) {
	b := buffers.Get().(*buffer)
	defer b.release()
	for {
		if len(sh.hello) >= headerSize {
			if size, err := helloSize(sh.hello); err != nil || len(sh.hello) >= size {
				return err == nil, err
			}
		}
		n, err := s.pull(b.b[:cap(b.b)-len(sh.hello)])
		sh.hello = append(sh.hello, b.b[:n]...)
		switch {
		case err == ErrAgain && s.limit.Load() == 0:
			return false, stage.ErrStopped
		case err == ErrAgain:
			return false, nil
		case err != nil:
			if len(sh.hello) > 0 && sh.hello[0] != recordHandshake {
				return false, notTLS(sh.hello)
			}
			return false, err
		}
	}
}

// Abort ends the handshake. It reports whether a goroutine is still busy with it: then done is still to be called, and the wire
// must last until then.
func (s *Session) Abort() (busy bool) {
	sh := s.shake
	if sh == nil || s.ready.Load() {
		return false
	}
	sh.aborted.Store(true)
	sh.wake()
	return s.crew.giveUp(sh)
}

// run is the goroutine of a handshake.
func (s *Session) run() {
	sh := s.shake
	s.crew.enter()
	err := s.perform()
	s.crew.leave()
	s.crew.ended(s, sh, err)
	sh.done(err)
}

// HandshakeOver makes the whole handshake on the calling goroutine, over a transport that may wait.
func (s *Session) HandshakeOver(transport io.ReadWriter) error {
	sh := s.shake
	sh.transport = transport
	s.crew.begin(sh)
	s.crew.enter()
	err := s.perform()
	s.crew.leave()
	s.crew.ended(s, sh, err)
	return err
}

// perform has crypto/tls make the handshake. What panics is somebody's callback.
func (s *Session) perform() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w in the handshake: %v", stage.ErrPanic, r)
		}
	}()
	if err = s.conn.Handshake(); err != nil {
		return err
	}
	s.ready.Store(true)
	return nil
}

// Parked is the transport of a session that has a goroutine only for its handshake. It waits for signals of that session.
type parked struct{ *Session }

// Read implements io.Reader.
func (p parked) Read(b []byte) (int, error) {
	for {
		if p.shake.aborted.Load() {
			return 0, errAborted
		}
		n, err := p.pull(b)
		if err != ErrAgain {
			return n, err
		}
		if p.limit.Load() == 0 {
			return 0, stage.ErrStopped
		}
		<-p.shake.signal
	}
}

// Write implements io.Writer.
func (p parked) Write(b []byte) (written int, err error) {
	for {
		if p.shake.aborted.Load() {
			return written, errAborted
		}
		n, err := p.wire.Write(b[written:])
		if written += n; err != nil || written == len(b) {
			return written, err
		}
		p.wire.Room()
		<-p.shake.signal
	}
}
