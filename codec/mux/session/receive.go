package session

import (
	"time"

	"github.com/leat-io/leat/codec/mux"
)

// An inflow is what comes in. It belongs to whoever calls Feed.
type inflow struct {
	begun                                               bool // the preface has come
	set                                                 bool // and the first SETTINGS
	format                                              mux.Format
	decompress                                          mux.Decompressor
	plain                                               []byte // what a payload was before it was compressed
	resets, pings, settings, empty, priorities, goAways bucket
}

func (in *inflow) begin(d mux.Decompressor, r Rates) {
	in.decompress, in.format.Max = d, mux.MostSettings // until the first frame has come, which is SETTINGS
	in.resets.full, in.pings.full, in.settings.full = r.Resets, r.Pings, r.Settings
	in.empty.full, in.priorities.full, in.goAways.full = r.Empty, r.Priorities, r.GoAways
}

// Feed takes what was received, whole frames at a time, and returns how much of it; what is left is to be given again with more
// behind it. need is how many bytes there must be in all before the next call makes sense, at most what a frame may take.
//
// An error is the end of the session: the caller calls [Session.End] with it, writes what there is to Take, and closes the connection.
func (s *Session) Feed(b []byte) (n, need int, err error) {
	in := &s.inflow
	if !in.begun {
		if len(b) < mux.PrefaceSize {
			return 0, mux.PrefaceSize, nil
		}
		if err := s.Preface(b); err != nil {
			return 0, 0, err
		}
		in.begun = true
		n = mux.PrefaceSize
	}
	s.Heard()
	var f mux.Frame
	for {
		k, err := in.format.Decode(b[n:], &f)
		switch {
		case err != nil:
			return n, 0, err
		case k <= 0:
			return n, max(-k, mux.HeaderSize), nil
		}
		n += k
		if err := s.Frame(&f); err != nil {
			return n, 0, err
		}
	}
}

// Preface takes the first thing that the other side sends, the first [mux.PrefaceSize] bytes of b. Who decodes what is received gives it to
// Preface, Frame and Heard instead of Feed, whose errors theirs are.
func (s *Session) Preface(b []byte) error {
	theirs, err := mux.ParsePreface(b)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, s.feature, err = mux.Negotiate(s.offer, theirs); err != nil {
		return err
	}
	if s.known = true; s.leaving {
		s.goAway(mux.None, "")
	}
	return nil
}

// Frame takes the next frame. Its payload is borrowed for the call.
func (s *Session) Frame(f *mux.Frame) error {
	h := f.Header
	if h.Type() == mux.Data && s.inflow.set {
		return s.data(f)
	}
	if !s.inflow.set {
		if h.Type() != mux.Setting {
			return wrong(mux.Protocol, "the first frame is %v and not SETTINGS", h)
		}
		return s.greeting(f)
	}
	switch h.Type() {
	case mux.Open:
		return s.open(f)
	case mux.Credit:
		return s.creditIn(f)
	case mux.Reset:
		return s.resetIn(f)
	case mux.Stop:
		return s.stopIn(f)
	case mux.Priority:
		return s.priorityIn(f)
	case mux.Ping:
		return s.pingIn(f)
	case mux.Pong:
		s.pongIn(mux.ParsePing(f.Payload))
		return nil
	case mux.GoAway:
		return s.goAwayIn(f)
	default:
		return s.settingsIn(f)
	}
}

// data deals with DATA.
func (s *Session) data(f *mux.Frame) error {
	h, p := f.Header, f.Payload
	if h.Has(mux.Compressed) {
		var err error
		if p, err = s.decompressed(p); err != nil {
			return err
		}
	}
	fin := h.Has(mux.Fin)
	if len(p) == 0 && !fin && !s.inflow.empty.take(time.Now()) {
		return wrong(mux.Limit, "too many frames of DATA are empty")
	}
	s.mu.Lock()
	st, err := s.dataFor(h, len(p))
	if st == nil {
		s.mu.Unlock()
		return err
	}
	if st.is&isPassing != 0 {
		st.pass(len(p))
	}
	if fin {
		st.is |= isHeard
		st.settle()
	}
	err = s.err // of what it made this side say
	s.mu.Unlock()
	st.Side.Data(p, h.Flags()&(mux.Fin|mux.Packed))
	return err
}

// decompressed returns what a payload was. It is good until the next frame.
func (s *Session) decompressed(p []byte) ([]byte, error) {
	s.mu.Lock()
	allowed := s.feature&(mux.S2|mux.Zstandard) != 0
	s.mu.Unlock()
	if !allowed {
		return nil, wrong(mux.Malformed, "a payload is compressed, which was not agreed upon")
	}
	in := &s.inflow
	var err error
	in.plain, err = in.decompress.Append(in.plain[:0], p)
	return in.plain, err
}

// dataFor counts n bytes of DATA and returns the stream that they are for, if it is one that takes them. The lock is held.
func (s *Session) dataFor(h mux.Header, n int) (*Stream, error) {
	id := h.Stream()
	w := &s.credit
	if w.got += uint64(n); w.got > w.total {
		return nil, s.fail(wrong(mux.BadCredit, "%d bytes were sent on the connection, with credit for %d", w.got, w.total))
	}
	st := s.streams[id]
	switch {
	case s.err != nil:
		return nil, s.err
	case st == nil && s.idle(id):
		return nil, s.fail(wrong(mux.Protocol, "%v, which is not open", h))
	case st == nil || st.is&(isDeaf|isHeard) == isDeaf:
		s.returnCredit()
		if st != nil {
			st.credit.got += uint64(n)
			if st.credit.got > st.credit.total {
				return nil, s.fail(overdrawn(st))
			}
			if h.Has(mux.Fin) {
				st.is |= isHeard
				st.settle()
			}
		}
		return nil, nil
	case st.is&isHeard != 0:
		return nil, s.refuseData(st, mux.Ended, "data came behind the end")
	case h.Has(mux.Packed) && st.is&isMessages == 0:
		return nil, s.refuseData(st, mux.Malformed, "PACKED on a stream of bytes")
	}
	if st.credit.got += uint64(n); st.credit.got > st.credit.total {
		return nil, s.fail(overdrawn(st))
	}
	s.held += n
	s.returnCredit()
	return st, nil
}

// refuseData ends a stream because of DATA, which was counted on the connection. The lock is held, and not while the user is told.
func (s *Session) refuseData(st *Stream, c mux.Code, text string) error {
	s.returnCredit()
	why := &mux.Error{Code: c, Stream: st.id, Text: text}
	s.reset(st, why)
	s.mu.Unlock()
	st.Side.Broken(why)
	s.mu.Lock()
	return s.err
}

func overdrawn(st *Stream) error {
	return wrong(mux.BadCredit, "%d bytes were sent on stream %d, with credit for %d", st.credit.got, st.id, st.credit.total)
}

// returnCredit lets the other side send more on the connection, if there is room for it: what was received counts no more. The lock is held.
func (s *Session) returnCredit() {
	w := &s.credit
	w.read = w.got
	if !w.due() {
		return
	}
	if s.held+s.waits > s.limits.Held && !s.short.Load() {
		s.short.Store(true)
		for _, st := range s.streams {
			st.release(st.Side.Unreported())
		}
	}
	if s.held+s.waits > s.limits.Held {
		return
	}
	s.short.Store(false)
	now := time.Now()
	w.grant(s.pulse.at(now), s.pulse.trip, s.budget)
	s.creditOut(0, w.total)
	s.measure(now)
}

func (s *Session) creditOut(id uint32, total uint64) {
	from := len(s.out.bytes)
	s.out.bytes = mux.AppendCredit(s.out.bytes, id, total)
	s.announce(from)
}

// Consumed says that the user of a stream has read n bytes of what Data has told it of, so that the other side may send more. To
// be called for many bytes at a time, at least whenever half the stream's window is used up, and for what will never be read.
// flush is as with Send.
func (st *Stream) Consumed(n int) (flush bool) {
	s := st.session
	s.mu.Lock()
	defer s.mu.Unlock()
	st.consumed(n)
	return s.flushing()
}

// Dropped is Consumed for who is called by [Session.Feed], behind which Flush is asked anyway.
func (st *Stream) Dropped(n int) {
	st.session.mu.Lock()
	defer st.session.mu.Unlock()
	st.consumed(n)
}

func (st *Stream) consumed(n int) {
	st.release(n)
	if s := st.session; s.short.Load() && s.err == nil {
		s.returnCredit()
	}
}

// release takes n bytes as read, and gives the stream credit for them when that is due.
func (st *Stream) release(n int) {
	w := &st.credit
	w.read += uint64(n)
	st.session.held -= n
	if w.due() {
		st.give()
	}
}

// relieve gives the stream credit before it is due, because the stream waits for credit itself. Where both sides write before they read, each
// can write a window then, and not only what was left of it.
func (st *Stream) relieve() {
	st.release(st.Side.Unreported())
	if w := &st.credit; w.total-w.read <= uint64(w.size-w.size/8) { // for little it would be a frame for each of the other side's
		st.give()
	}
}

// give gives the stream credit for what was read.
func (st *Stream) give() {
	s := st.session
	if st.is&(isOpen|isHeard|isDeaf|isBroken) != isOpen || s.err != nil {
		return
	}
	w, now := &st.credit, time.Now()
	w.grant(s.pulse.at(now), s.pulse.trip, s.budget)
	s.credit.grow(w.size*3/2-s.credit.size, s.budget) // so that one stream is not stopped by it, as in quic-go
	s.creditOut(st.id, w.total)
	s.measure(now)
}
