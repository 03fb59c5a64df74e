package session

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/leat-io/leat/codec/mux"
)

// ErrEnded is that of a session that has ended in order.
var ErrEnded = errors.New("the session has ended")

// goAwayIn deals with GOAWAY.
func (s *Session) goAwayIn(f *mux.Frame) error {
	last, code, text := mux.ParseGoAway(f.Payload)
	if code != mux.None {
		return &mux.Error{Code: code, Remote: true, Text: text}
	}
	var lost []*Stream
	why := &mux.Error{Code: mux.Refused, Remote: true, Text: text}
	s.mu.Lock()
	if s.left && last != s.barred && (s.barred == 0 || last != 0 && above(last, s.barred)) {
		defer s.mu.Unlock()
		return s.fail(wrong(mux.Protocol, "a second GOAWAY raises the number from %d to %d", s.barred, last))
	}
	if !s.inflow.goAways.take(time.Now()) { // each looks at all streams
		defer s.mu.Unlock()
		return s.fail(wrong(mux.Limit, "too many GOAWAY"))
	}
	s.left, s.barred = true, last
	for id, st := range s.streams {
		if s.mine(id) && (last == 0 || above(id, last)) {
			lost = append(lost, st)
		}
	}
	for _, st := range lost {
		st.broken(why)
	}
	s.user.Freed()
	s.mu.Unlock()
	for _, st := range lost {
		st.Side.Broken(why)
	}
	return nil
}

// Leave sends GOAWAY: this side serves the streams that the other has opened, and no later ones. flush is as with Send.
func (s *Session) Leave(text string) (flush bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving || s.err != nil {
		return false
	}
	s.leaving, s.last = true, s.latest
	s.goAway(mux.None, text)
	return s.flushing()
}

// goAway sends GOAWAY, unless the other side has not said yet that it speaks the protocol. The lock is held.
func (s *Session) goAway(c mux.Code, text string) {
	if !s.known {
		return
	}
	from := len(s.out.bytes)
	s.out.bytes = mux.AppendGoAway(s.out.bytes, s.last, c, text)
	s.announce(from)
}

// End ends the session and all its streams. What it was told by the other side, or found out itself, stays its error; GOAWAY says it to
// the other side if that does not know. flush says that the caller is to fetch what is to be written, if there is anything.
func (s *Session) End(why error) (flush bool) {
	s.mu.Lock()
	if s.ended() {
		s.mu.Unlock()
		return false
	}
	_ = s.fail(why)
	if !s.leaving {
		s.last = s.latest
	}
	if e, ok := errors.AsType[*mux.Error](s.err); ok && !e.Remote {
		s.goAway(e.Code, e.Text)
	} else if errors.Is(s.err, ErrEnded) {
		s.goAway(mux.None, "")
	}
	why = fmt.Errorf("%w", s.err)
	lost := slices.Collect(maps.Values(s.streams))
	for _, st := range lost {
		st.broken(why)
	}
	s.credit.end(s.budget)
	s.streams = nil
	s.user.Freed()
	flush, s.out.busy = !s.out.busy, true
	s.mu.Unlock()
	for _, st := range lost {
		st.Side.Broken(why)
	}
	return flush
}

// Over says whether the session has ended and all that it says of that was taken.
func (s *Session) Over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended() && !s.out.busy && len(s.out.bytes) == 0
}

// ended says whether End was called. The lock is held.
func (s *Session) ended() bool { return s.streams == nil }
