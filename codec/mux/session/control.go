package session

import (
	"time"

	"github.com/leat-io/leat/codec/mux"
)

// greeting deals with the first SETTINGS of the other side.
func (s *Session) greeting(f *mux.Frame) error {
	theirs, m, err := mux.ParseSettings(f.Payload, mux.DefaultSettings, mux.MostSettings)
	if err != nil {
		return err
	}
	if s.auth != nil {
		if err := s.auth(m); err != nil {
			return denied(err)
		}
	}
	s.inflow.set, s.inflow.format.Max = true, s.own.MaxFrame
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inflow.format.Checked = s.feature&mux.Checksums != 0
	s.peer, s.ready = theirs, true
	s.out.limit = uint64(theirs.ConnectionWindow)
	s.pulse.others = theirs.Keepalive
	s.measure(time.Now())
	s.user.Freed()
	s.user.Paced()
	return nil
}

// denied is the answer to who is not believed.
func denied(err error) error {
	if e, ok := err.(*mux.Error); ok { //nolint:errorlint // an answer that was meant as one, not an error that has one as its reason
		return e
	}
	return wrong(mux.Unauthenticated, "%v", err)
}

// settingsIn deals with a later SETTINGS.
func (s *Session) settingsIn(f *mux.Frame) error {
	if !s.inflow.settings.take(time.Now()) {
		return wrong(mux.Limit, "too many SETTINGS")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	peer, err := mux.ParseLaterSettings(f.Payload, s.peer)
	if err != nil {
		return s.fail(err)
	}
	s.peer = peer
	s.pulse.others = peer.Keepalive
	s.user.Freed()
	s.user.Paced()
	return nil
}

// creditIn deals with CREDIT.
func (s *Session) creditIn(f *mux.Frame) error {
	total, err := mux.ParseCredit(f.Payload)
	if err != nil {
		return err
	}
	id := f.Header.Stream()
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == 0 {
		if total < s.out.limit {
			return s.fail(wrong(mux.BadCredit, "the credit of the connection sank from %d to %d", s.out.limit, total))
		}
		s.out.limit = total
		return nil
	}
	st := s.streams[id]
	switch {
	case st == nil && s.idle(id):
		return s.fail(wrong(mux.Protocol, "%v, which is not open", f.Header))
	case st == nil || st.is&isEnded != 0:
		return nil
	case total < st.limit:
		why := &mux.Error{Code: mux.BadCredit, Stream: id, Text: "credit sank"}
		s.reset(st, why)
		s.mu.Unlock()
		st.Side.Broken(why)
		s.mu.Lock()
		return s.err
	}
	st.limit = total
	s.queueUp(st)
	return nil
}

// resetIn deals with RESET.
func (s *Session) resetIn(f *mux.Frame) error {
	id := f.Header.Stream()
	s.mu.Lock()
	st := s.streams[id]
	if st == nil {
		defer s.mu.Unlock()
		if s.idle(id) {
			return s.fail(wrong(mux.Protocol, "%v, which is not open", f.Header))
		}
		return nil
	}
	if !s.inflow.resets.take(time.Now()) {
		defer s.mu.Unlock()
		return s.fail(wrong(mux.Limit, "too many RESET"))
	}
	why := said(f)
	st.broken(why)
	s.mu.Unlock()
	st.Side.Broken(why)
	return nil
}

// stopIn deals with STOP.
func (s *Session) stopIn(f *mux.Frame) error {
	id := f.Header.Stream()
	s.mu.Lock()
	st := s.streams[id]
	if st == nil || st.is&isEnded != 0 {
		defer s.mu.Unlock()
		if st == nil && s.idle(id) {
			return s.fail(wrong(mux.Protocol, "%v, which is not open", f.Header))
		}
		return nil
	}
	why := said(f)
	st.drop(why)
	st.is |= isEnding
	s.finish(st)
	s.mu.Unlock()
	st.Side.Stopped(why)
	return nil
}

// said is the error of a RESET or a STOP.
func said(f *mux.Frame) *mux.Error {
	code, text := mux.ParseReason(f.Payload)
	return &mux.Error{Code: code, Stream: f.Header.Stream(), Remote: true, Text: text}
}

// priorityIn deals with PRIORITY.
func (s *Session) priorityIn(f *mux.Frame) error {
	if !s.inflow.priorities.take(time.Now()) {
		return wrong(mux.Limit, "too many PRIORITY")
	}
	class, weight, err := mux.ParsePriority(f.Payload)
	if err != nil {
		return err
	}
	id := f.Header.Stream()
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[id]
	if st == nil && s.idle(id) {
		return s.fail(wrong(mux.Protocol, "%v, which is not open", f.Header))
	}
	if st != nil {
		s.prefer(st, class, weight)
	}
	return nil
}

// prefer changes how a stream is scheduled. The lock is held.
func (s *Session) prefer(st *Stream, class uint8, weight uint16) {
	s.out.queue.remove(st)
	st.class, st.weight = class, weight
	s.queueUp(st)
}

// Prefer changes how this side schedules the stream: a class of at most [mux.MostClass], lower first, and a weight among those of
// the class, of which 0 stands for [mux.DefaultWeight]. With tell the other side is asked to do the same.
func (st *Stream) Prefer(class uint8, weight uint16, tell bool) (flush bool) {
	s := st.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if weight == 0 {
		weight = mux.DefaultWeight
	}
	s.prefer(st, min(class, mux.MostClass), weight)
	if tell && st.is&isOpen != 0 && st.is&isHeard == 0 {
		from := len(s.out.bytes)
		s.out.bytes = mux.AppendPriority(s.out.bytes, st.id, st.class, weight)
		s.announce(from)
	}
	return s.flushing()
}

// Reset ends both directions of the stream. What was given to Send and not sent yet is dropped.
func (st *Stream) Reset(c mux.Code, text string) (flush bool) {
	s := st.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.is&isOpen == 0 {
		return false
	}
	s.reset(st, &mux.Error{Code: c, Stream: st.id, Text: text})
	return s.flushing()
}

// reset ends a stream with RESET. The lock is held.
func (s *Session) reset(st *Stream, why *mux.Error) {
	from := len(s.out.bytes)
	s.out.bytes = mux.AppendReset(s.out.bytes, st.id, why.Code, why.Text)
	s.announce(from)
	st.broken(why)
}

// Stop asks the other side to send nothing more on the stream. What still comes is dropped.
func (st *Stream) Stop(c mux.Code, text string) (flush bool) {
	s := st.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.is&isOpen == 0 || st.is&(isHeard|isDeaf) != 0 {
		return false
	}
	st.is |= isDeaf
	from := len(s.out.bytes)
	s.out.bytes = mux.AppendStop(s.out.bytes, st.id, c, text)
	s.announce(from)
	return s.flushing()
}
