package session

import (
	"errors"
	"fmt"

	"github.com/leat-io/leat/codec/mux"
)

// Errors of [Session.Open].
var (
	ErrNotReady = errors.New("the settings of the other side have not come yet")
	ErrTooMany  = errors.New("as many streams are open as the other side takes")
	ErrLeaving  = errors.New("the other side takes no more streams")
	ErrTooLong  = errors.New("the metadata is longer than what the other side takes")
)

// Open opens a stream. With fin nothing will be sent on it. flush says that there is something to Take.
func (s *Session) Open(st *Stream, o *mux.Opening, fin bool) (flush bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return false, s.err
	case !s.ready:
		return false, ErrNotReady
	case s.left:
		return false, ErrLeaving
	case s.ours >= s.peer.MaxStreams:
		return false, ErrTooMany
	case len(o.Metadata) > s.peer.MaxMetadata:
		return false, fmt.Errorf("%w: %d bytes, not %d", ErrTooLong, s.peer.MaxMetadata, len(o.Metadata))
	}
	id := s.next
	for s.streams[id] != nil || id == 0 {
		id += 2
	}
	s.next = id + 2
	s.count(&s.ours, 1)
	s.enter(st, id, o)
	st.is |= isOurs
	f := mux.Flags(0)
	if fin {
		f = mux.Fin
		st.is |= isEnded
	}
	from := len(s.out.bytes)
	s.out.bytes = mux.AppendOpen(s.out.bytes, id, f, o)
	s.announce(from)
	return s.flushing(), nil
}

// open deals with an OPEN.
func (s *Session) open(f *mux.Frame) error {
	id := f.Header.Stream()
	o, err := mux.ParseOpen(f.Payload, s.own.MaxMetadata)
	s.mu.Lock()
	switch {
	case s.err != nil:
		err = s.err
	case err != nil:
	case s.mine(id):
		err = wrong(mux.Protocol, "stream %d was opened by the side that numbers are not of", id)
	case !above(id, s.latest) || s.streams[id] != nil:
		err = wrong(mux.Protocol, "stream %d was opened behind stream %d", id, s.latest)
	}
	if err != nil {
		defer s.mu.Unlock()
		return s.fail(err)
	}
	s.latest = id
	if s.leaving {
		s.mu.Unlock()
		return nil
	}
	if s.theirs >= s.own.MaxStreams {
		s.refuse(id, &mux.Error{Code: mux.Refused, Text: fmt.Sprintf("%d streams are open", s.theirs)})
		s.mu.Unlock()
		return s.Err()
	}
	s.count(&s.theirs, 1)
	s.mu.Unlock()
	st, err := s.user.Accept(&o)
	s.mu.Lock()
	if s.err != nil { // whoever ended it did not see this stream
		s.count(&s.theirs, -1)
		s.mu.Unlock()
		return s.Err()
	}
	if err != nil {
		s.count(&s.theirs, -1)
		s.refuse(id, err)
		s.mu.Unlock()
		return s.Err()
	}
	s.enter(st, id, &o)
	if f.Header.Has(mux.Fin) {
		st.is |= isHeard
	}
	s.mu.Unlock()
	st.Side.Opened()
	if f.Header.Has(mux.Fin) {
		st.Side.Data(nil, mux.Fin)
	}
	return nil
}

// refuse answers an OPEN that is not wanted. The lock is held.
func (s *Session) refuse(id uint32, why error) {
	code, text := mux.Refused, why.Error()
	if e, ok := errors.AsType[*mux.Error](why); ok {
		code, text = e.Code, e.Text
	}
	from := len(s.out.bytes)
	s.out.bytes = mux.AppendReset(s.out.bytes, id, code, text)
	s.control(from)
}

// wrong is an error of the connection.
func wrong(c mux.Code, format string, args ...any) error {
	return &mux.Error{Code: c, Text: fmt.Sprintf(format, args...)}
}
