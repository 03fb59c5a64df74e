package session

import "github.com/leat-io/leat/codec/mux"

// Pass has all that the stream receives count as consumed when it comes, for users that pass it on and keep none of it. Only when much of
// [Stream.Push] waits to be sent the other side gets no more credit: a peer that reads no answers is to send no more requests. To be called
// by Opened, or before the stream is opened.
func (st *Stream) Pass() {
	st.session.mu.Lock()
	defer st.session.mu.Unlock()
	st.is |= isPassing
}

// Push is Send that never waits: what cannot be sent now is kept, behind what was kept before. left is how much waits on the stream. When it
// is not 0 the caller leaves b alone until it has called Keep, before which it may fetch what is to be written.
//
// When twice as much waits on the connection as may be held, a stream of which more would wait is reset: its user answers much more than it
// is asked, and nobody reads it. The same holds when the budget of all connections is spent, on those on which more than a little waits.
func (st *Stream) Push(b []byte, f mux.Flags) (left int, flush bool, err error) {
	s := st.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := st.barred(); err != nil {
		return 0, false, err
	}
	most := 2 * s.limits.Held
	if s.budget.spent() {
		most = min(most, s.limits.Pending)
	}
	if s.waits > most && (st.pending != nil || len(b) > s.room(st)) {
		err := &mux.Error{Code: mux.Limit, Stream: st.id, Text: "nobody reads what the stream is answered"}
		s.reset(st, err)
		return 0, s.flushing(), err
	}
	if st.pending == nil {
		s.send(st, b, f)
		return len(st.pending), s.flushing(), nil
	}
	st.keep()
	st.pending = append(st.pending, b...)
	s.waiting(len(b))
	st.packed = st.packed && f&mux.Packed != 0
	if f&mux.Fin != 0 {
		st.is |= isEnding
	}
	return len(st.pending), s.flushing(), nil
}

// Keep copies what is left of a Push.
func (st *Stream) Keep() {
	st.session.mu.Lock()
	defer st.session.mu.Unlock()
	st.keep()
}

// keep makes pending a copy. The lock is held.
func (st *Stream) keep() {
	if st.is&isKept == 0 && st.pending != nil {
		st.pending = append([]byte(nil), st.pending...)
		st.is |= isKept
		st.session.waiting(len(st.pending))
	}
}

// waiting counts n bytes more that wait, or less. The lock is held.
func (s *Session) waiting(n int) {
	s.waits += n
	s.budget.used.Add(int64(n))
}

// less takes n bytes of pending as gone. The lock is held.
func (st *Stream) less(n int) {
	if st.is&isKept != 0 {
		st.session.waiting(-n)
	}
}

// pass counts n bytes that were received as consumed, now or when less is pending. The lock is held.
func (st *Stream) pass(n int) {
	if len(st.pending) > st.session.limits.Pending {
		st.passed += n
		return
	}
	st.consumed(n)
}

// flow gives the credit that was withheld. The lock is held.
func (st *Stream) flow() {
	n := st.passed
	if st.passed = 0; n > 0 {
		st.consumed(n)
	}
}
