package tlsio

import (
	"crypto/tls"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/leat-io/leat/stage"
)

const (
	// chunk is how much is encrypted before the wire must have taken all of it: one full record (RFC 8446, section 5.1).
	chunk = 16 << 10
	// mostPending bounds what crypto/tls writes by itself, answers to KeyUpdate, for a peer that reads nothing.
	mostPending = 64 << 10
)

var errFull = errors.New("tls: the peer asks for more than it reads")

// A Session is one connection of TLS. One goroutine at a time may be in Handshake, Continue, Limit, Abort and Read, and one in Write
// and CloseWrite, which may be another. Flush, Pending, Buffered, Leaving, Established and State are for anybody.
type Session struct {
	conn *tls.Conn
	wire Wire
	crew *Crew

	shake  *shake       // until the handshake has ended
	limit  atomic.Int64 // bytes that may still be read from the wire, negative for no limit
	ended  bool         // of the reader: the wire has ended
	ready  atomic.Bool  // the handshake has succeeded
	closed atomic.Bool  // CloseWrite has been called, to some effect
	owed   int          // of the writer: bytes that are encrypted and not yet reported as taken
	short  bool         // of the writer: the latest Write has not taken all

	mu  sync.Mutex
	out *buffer // guarded by mu: what the wire has not taken, or nil
}

// Server makes the server's side of a session.
func Server(w Wire, config *tls.Config, crew *Crew) *Session {
	s := &Session{wire: w, crew: crew, shake: &shake{server: true, signal: make(chan struct{}, 1)}}
	s.limit.Store(-1)
	s.conn = tls.Server((*pipe)(s), config)
	return s
}

// Client makes the client's side of a session. The config needs a ServerName, or InsecureSkipVerify.
func Client(w Wire, config *tls.Config, crew *Crew) *Session {
	s := &Session{wire: w, crew: crew, shake: &shake{signal: make(chan struct{}, 1)}}
	s.limit.Store(-1)
	s.conn = tls.Client((*pipe)(s), config)
	return s
}

// Established says whether the handshake has succeeded.
func (s *Session) Established() bool { return s.ready.Load() }

// State is what was agreed on in the handshake, and nil before it has succeeded.
func (s *Session) State() *tls.ConnectionState {
	if !s.ready.Load() {
		return nil
	}
	state := s.conn.ConnectionState()
	return &state
}

// Limit lets no more than n bytes be read from the wire from now on. A handshake that would need more fails.
func (s *Session) Limit(n int) {
	s.limit.Store(int64(n))
	if sh := s.shake; sh != nil {
		sh.wake()
	}
}

// pull reads from the wire, within the limit.
func (s *Session) pull(b []byte) (int, error) {
	limit := s.limit.Load()
	switch {
	case limit == 0:
		return 0, ErrAgain
	case limit > 0:
		b = b[:min(len(b), int(limit))]
	}
	n, err := s.wire.Read(b)
	if limit > 0 {
		s.limit.Add(-int64(n))
	}
	if err == io.EOF {
		s.ended = true
	}
	return n, err
}

// Read returns bytes of at most one record: call it until it returns [ErrAgain]. At the end of the peer's stream it returns
// io.EOF if the peer has said so, and [stage.ErrTruncated] if not: then others may have cut it off. Both, and every other error,
// come again. It may leave something to be written: see [Session.Pending].
func (s *Session) Read(b []byte) (n int, err error) {
	if sh := s.shake; sh != nil && len(sh.hello) == 0 {
		s.shake = nil // nobody needs it any more
	}
	n, err = s.conn.Read(b)
	switch {
	case err == nil:
	case err == ErrAgain && n > 0: // part of an alert is behind them, at which crypto/tls has looked
		err = nil
	case err == ErrAgain:
	case s.ended && (err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF)):
		err = stage.ErrTruncated
	}
	return n, err
}

// Write encrypts and sends as much of b as the peer takes now, and says how much that was. What is left must be the beginning of
// the next call's b: up to 16 KiB of it may be encrypted already. Before the end of the handshake it takes nothing. It ends
// with an error that comes again.
func (s *Session) Write(b []byte) (taken int, err error) {
	if !s.ready.Load() {
		return 0, nil
	}
	s.short = true
	for {
		sent, left, err := s.send()
		if err != nil {
			return taken, err
		}
		if left {
			part := max(min(sent, s.owed-1), 0) // it goes on, and the last byte is taken when all is
			s.owed -= part
			return taken + part, nil
		}
		taken += s.owed
		s.owed = 0
		if taken >= len(b) {
			s.short = false
			return taken, nil
		}
		if s.owed, err = s.conn.Write(b[taken:min(taken+chunk, len(b))]); err != nil {
			return taken, err
		}
	}
}

// CloseWrite tells the peer that nothing more will come (close_notify). It may leave something to be written: see
// [Session.Pending]. Before the end of the handshake it does nothing, nor when the latest Write has not taken all: then the
// peer is to see that its stream has been cut off.
func (s *Session) CloseWrite() error {
	if !s.ready.Load() || s.short {
		return nil
	}
	s.closed.Store(true)
	if err := s.conn.CloseWrite(); err != nil {
		return err
	}
	return s.Flush()
}

// Flush writes what is pending, as far as the wire takes it.
func (s *Session) Flush() error {
	_, _, err := s.send()
	return err
}

// Pending says whether the wire has not taken everything that was to be written: then there is to be a Flush when it has room.
func (s *Session) Pending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out != nil
}

// Buffered is how many bytes the wire has not taken of what was to be written.
func (s *Session) Buffered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		return 0
	}
	return len(s.out.b) - s.out.sent
}

// Leaving says whether the farewell of CloseWrite is still pending.
func (s *Session) Leaving() bool { return s.closed.Load() && s.Pending() }

// send gives the wire what is pending, and says how much it took and whether something is left.
func (s *Session) send() (sent int, left bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.out
	if out == nil {
		return 0, false, nil
	}
	sent, err = s.wire.Write(out.b[out.sent:])
	if err != nil {
		return sent, true, err
	}
	if out.sent += sent; out.sent < len(out.b) {
		return sent, true, nil
	}
	s.out = nil
	out.release()
	return sent, false, nil
}
