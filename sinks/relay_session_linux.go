package sinks

import (
	"io"
	"sync/atomic"
	"syscall"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/internal/tlsio"
	"github.com/leat-io/leat/stage"
)

// A session is one side of a tunnel that speaks TLS. It is also the wire under that. Until its handshake has ended the descriptor is
// that of the handshake's goroutine as well.
type session struct {
	*tlsio.Session
	relay   *relay
	tunnel  *tunnel // of the loop: nil when it has ended
	early   []byte  // what the source has read
	fd      int32
	side    uint8
	shaking bool // the loop has not learnt yet how the handshake has ended
	charged int  // bytes of it that count as held

	stage  atomic.Int32 // of the handshake
	seat   stage.Seat   // that is to be given back by whoever closes the descriptor, for this reason, when it is abandoned
	reason error
}

// The stages of a handshake that has a goroutine.
const (
	underWay  int32 = iota
	told            // the loop has been told of its end, or is just being told
	abandoned       // the loop does not want to know
)

// Read implements tlsio.Wire. Behind the handshake it is called on the loop, which knows when there is nothing.
func (s *session) Read(b []byte) (n int, err error) {
	if len(s.early) > 0 {
		n = copy(b, s.early)
		if s.early = s.early[n:]; len(s.early) == 0 {
			s.early = nil
		}
		return n, nil
	}
	if !s.Established() {
		return tlsio.ReadFrom(int(s.fd), b)
	}
	w := &s.tunnel.ways[s.side]
	if w.is&unread == 0 {
		return 0, tlsio.ErrAgain
	}
	n, err = tlsio.ReadFrom(int(s.fd), b)
	if err == tlsio.ErrAgain {
		w.is &^= unread | torn
	} else if n < len(b) && w.is&torn == 0 {
		w.is &^= unread
	}
	return n, err
}

// Write implements tlsio.Wire.
func (s *session) Write(b []byte) (written int, err error) {
	for written < len(b) {
		n, err := nonblock.Write(int(s.fd), b[written:])
		switch {
		case err == nil:
			written += n
		case err == syscall.EAGAIN:
			return written, nil
		case err != syscall.EINTR:
			return written, stage.ErrReset
		}
	}
	return written, nil
}

// Room implements tlsio.Wire. The descriptor is watched for room all the time.
func (*session) Room() {}

// read takes bytes of the peer's, like nonblock.Read.
func (s *session) read(w *way, b []byte) (n int, err error) {
	for err == nil && n < len(b) {
		var some int
		some, err = s.Session.Read(b[n:])
		n += some
	}
	if s.Pending() { // an answer to KeyUpdate, or an alert
		_ = s.Flush()
		s.charge()
	}
	switch err {
	case tlsio.ErrAgain:
		w.is &^= unread | torn
		if n == 0 {
			return 0, syscall.EAGAIN
		}
		return n, nil
	case nil:
		w.is |= unread // also what the session has
		return n, nil
	}
	if w.is |= unread; n > 0 { // what ended it comes again
		return n, nil
	}
	if err == io.EOF {
		return 0, nil
	}
	s.failed(err)
	return 0, err
}

// write gives the peer bytes, like nonblock.Write, but that some may be taken although there is no room for more.
func (s *session) write(b []byte) (n int, err error) {
	n, err = s.Session.Write(b)
	if s.charged > 0 || n < len(b) {
		s.charge()
	}
	if err == nil && n < len(b) {
		err = syscall.EAGAIN
	}
	return n, err
}

// charge has what the session holds count as held.
func (s *session) charge() {
	n := s.Buffered()
	s.relay.held.out += n - s.charged
	s.charged = n
}
