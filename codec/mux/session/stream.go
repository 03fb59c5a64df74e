package session

import (
	"github.com/leat-io/leat/codec/mux"
)

// A Side is who uses a stream. Its methods are called by whoever calls [Session.Feed], unless they say otherwise.
type Side interface {
	// Opened is called when the other side has opened the stream and before anything else.
	Opened()
	// Data is told of what was received, which is borrowed for the call; with Fin it is the last.
	Data(p []byte, f mux.Flags)
	// Stopped says that the other side wants no more of what is sent.
	Stopped(why *mux.Error)
	// Broken says that the stream was reset or the session has ended; why is an *mux.Error where the other side has said so.
	Broken(why error)
	// Unreported returns how many bytes its user has read that [Stream.Consumed] was not told of yet, and takes them as told. It is asked
	// when the session becomes [Session.Short]. The session's lock is held.
	Unreported() int
	// Sent says that what [Stream.Send] kept has been taken, or will not be. The session's lock is held, by whoever calls Take.
	Sent()
}

// A Stream is one stream. It is part of what its user keeps of the stream, who sets Side before anything else.
type Stream struct {
	Side Side

	session *Session
	id      uint32
	is      streamState
	class   uint8
	weight  uint16
	packed  bool // pending is whole messages

	credit window

	pending []byte // to be sent: of whoever sends it, unless isKept
	lost    int    // of it, when that became impossible
	passed  int    // bytes received for which there is no credit before less is pending
	sent    uint64
	limit   uint64 // that may be sent in all
	share   uint64 // of the scheduler
	after   *Stream
	err     error // why nothing can be sent
}

type streamState uint16

const (
	isOpen     streamState = 1 << iota // it is in the table of its session
	isEnded                            // this side has sent FIN
	isHeard                            // the other side has
	isEnding                           // FIN is to be sent behind what is pending
	isBroken                           // it was reset, or the session has ended
	isDeaf                             // this side has sent STOP
	isOurs                             // this side has opened it
	isServed                           // its user is done with it
	isQueued                           // the scheduler has it
	isMessages                         // it is of kind 1
	isPassing                          // what is received counts as consumed
	isKept                             // pending is a copy
)

// ID is the number of the stream.
func (st *Stream) ID() uint32 { return st.id }

// Session is the session that the stream belongs to.
func (st *Stream) Session() *Session { return st.session }

// Window is how many bytes the stream receives before its user has read any.
func (st *Stream) Window() int {
	st.session.mu.Lock()
	defer st.session.mu.Unlock()
	return st.credit.size
}

// Err is why nothing can be sent on the stream, or nil.
func (st *Stream) Err() error {
	st.session.mu.Lock()
	defer st.session.mu.Unlock()
	return st.barred()
}

// barred is Err for who holds the lock.
func (st *Stream) barred() error {
	if st.err == nil && st.is&(isEnded|isEnding) != 0 {
		return ErrFinished
	}
	return st.err
}

// enter makes st an open stream. The lock is held.
func (s *Session) enter(st *Stream, id uint32, o *mux.Opening) {
	st.session, st.id, st.class, st.weight = s, id, o.Class, max(o.Weight, 1)
	if o.Weight == 0 {
		st.weight = mux.DefaultWeight
	}
	if st.is = isOpen; o.Messages {
		st.is |= isMessages
	}
	st.limit = uint64(s.peer.StreamWindow)
	st.credit.begin(s.own.StreamWindow, max(s.limits.StreamWindow, s.own.StreamWindow))
	s.streams[id] = st
	s.most = max(s.most, len(s.streams))
}

// leave takes a stream out of the table. The lock is held.
func (st *Stream) leave() {
	if st.is&isOpen == 0 {
		return
	}
	s := st.session
	st.is &^= isOpen
	delete(s.streams, st.id)
	st.credit.end(s.budget)
	switch {
	case st.is&isOurs != 0:
		s.count(&s.ours, -1)
		s.user.Freed()
	case st.is&isServed != 0:
		s.count(&s.theirs, -1)
	}
}

// settle takes a stream out of the table if both sides have ended it. The lock is held.
func (st *Stream) settle() {
	if st.is&(isEnded|isHeard) == isEnded|isHeard {
		st.leave()
	}
}

// Served says that the user is done with a stream that the other side has opened. Until then it counts as open.
func (st *Stream) Served() {
	s := st.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.is&(isOurs|isServed) == 0 {
		if st.is |= isServed; st.is&isOpen == 0 {
			s.count(&s.theirs, -1)
		}
	}
}

// broken makes a stream one that was reset. The lock is held; the user is told when it is not.
func (st *Stream) broken(why error) {
	st.is |= isBroken
	st.drop(why)
	st.leave()
}

// drop gives up what is to be sent. The lock is held.
func (st *Stream) drop(why error) {
	if st.err == nil {
		st.err = why
	}
	st.session.out.queue.remove(st)
	if st.pending != nil {
		st.less(len(st.pending))
		st.lost, st.pending = len(st.pending), nil
		st.Side.Sent()
	}
	st.flow()
	if s := st.session; s.short.Load() && s.err == nil { // what is given up makes room, and the other side may be able to send nothing that would say so
		s.returnCredit()
	}
}
