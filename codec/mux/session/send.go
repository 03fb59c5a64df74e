package session

import (
	"errors"
	"time"

	"github.com/leat-io/leat/codec/mux"
)

const (
	// round is how many bytes are gathered for one write. It is also how long a frame of control waits behind data, at most.
	round = 64 << 10
	// wide is the payload of DATA when one stream alone has something to send.
	wide = 64<<10 - 64
	// narrow is that when several have, so that none waits long for another.
	narrow = 16 << 10
)

// ErrFinished is that of sending on a stream behind its end.
var ErrFinished = errors.New("the stream was ended by this side")

// An outflow is what goes out. All of it is guarded by the session's lock.
type outflow struct {
	bytes    []byte // frames that are ready
	control  int    // answers to the other side among them
	own      int    // what else needs no credit: what this side says of itself, and bare ends
	tail     int    // where in bytes the latest frame of DATA begins that may be added to; -1 is none
	tailOf   *Stream
	sent     uint64 // on the connection
	limit    uint64
	queue    scheduler
	compress mux.Compressor
	busy     bool   // somebody has been told to flush
	spare    []byte // what bytes will be when it is taken
}

func (o *outflow) begin(p Policy, c mux.Compressor) {
	o.tail, o.compress, o.limit = -1, c, uint64(mux.DefaultSettings.ConnectionWindow)
	o.queue.policy = p
}

// room is how many bytes of DATA may be sent on st, by credit.
func (s *Session) room(st *Stream) int {
	return int(min(st.limit-st.sent, s.out.limit-s.out.sent, 1<<30))
}

// Send sends b on the stream; f may be Packed, when b is whole messages, and Fin, when it is the last. What can be sent at once is copied; the
// rest is kept without a copy until [Side.Sent] is called or [Stream.Unsend] takes it back, and the caller must leave b
// alone until then. n is how much was copied. One call at a time may have something kept.
//
// flush says that the caller is the one to fetch what is to be written: it calls Take until that returns nothing.
func (st *Stream) Send(b []byte, f mux.Flags) (n int, flush bool, err error) {
	s := st.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := st.barred(); err != nil {
		return 0, false, err
	}
	s.send(st, b, f)
	return len(b) - len(st.pending), s.flushing(), nil
}

// send sends what can be sent of b, and makes the rest pending. The lock is held.
func (s *Session) send(st *Stream, b []byte, f mux.Flags) {
	if f&mux.Fin != 0 {
		st.is |= isEnding
	}
	if len(b) == 0 || s.out.queue.n == 0 && len(b) <= min(narrow, s.room(st), round-len(s.out.bytes)) {
		s.put(st, b, f&mux.Packed)
	} else {
		st.pending, st.packed = b, f&mux.Packed != 0
		st.is &^= isKept
		if st.limit == st.sent {
			st.relieve()
		}
		s.queueUp(st)
		s.schedule()
	}
	s.finish(st)
}

// Waiting says whether something is kept of a Send.
func (st *Stream) Waiting() bool {
	st.session.mu.Lock()
	defer st.session.mu.Unlock()
	return st.pending != nil
}

// Unsend takes back what is kept of a Send. It returns how much of it was not sent, and why if that is because nothing more can be.
func (st *Stream) Unsend() (n int, err error) {
	s := st.session
	s.mu.Lock()
	defer s.mu.Unlock()
	n = len(st.pending) + st.lost
	st.less(len(st.pending))
	st.pending, st.lost = nil, 0
	s.out.queue.remove(st)
	s.finish(st)
	return n, st.err
}

// finish sends FIN if that is what remains to be done. The lock is held.
func (s *Session) finish(st *Stream) {
	if st.is&(isEnding|isEnded|isBroken) != isEnding || len(st.pending) > 0 {
		return
	}
	st.is |= isEnded
	if o := &s.out; o.tailOf == st && o.tail >= 0 && s.feature&mux.Checksums == 0 {
		h := mux.ReadHeader(o.bytes[o.tail:])
		mux.NewHeader(h.Len(), mux.Data, h.Flags()|mux.Fin, st.id).Put(o.bytes[o.tail:])
		o.tail = -1
	} else {
		s.frame(st, nil, mux.Fin)
		s.counted()
		o.tail = -1
	}
	st.settle()
}

// put makes DATA of b, or adds b to the latest that was made if that is of the same stream and kind. The lock is held.
func (s *Session) put(st *Stream, b []byte, f mux.Flags) {
	o := &s.out
	st.sent += uint64(len(b))
	o.sent += uint64(len(b))
	if o.tailOf == st && o.tail >= 0 && s.feature == 0 {
		h := mux.ReadHeader(o.bytes[o.tail:])
		if n := h.Len() + len(b); n <= narrow && h.Flags() == f {
			o.bytes = append(o.bytes, b...)
			mux.NewHeader(n, mux.Data, f, st.id).Put(o.bytes[o.tail:])
			return
		}
	}
	if len(b) > 0 {
		s.frame(st, b, f)
	}
}

// frame appends a frame of DATA. The lock is held.
func (s *Session) frame(st *Stream, b []byte, f mux.Flags) {
	o := &s.out
	from := len(o.bytes)
	packed := false
	if o.compress != nil && s.feature&(mux.S2|mux.Zstandard) != 0 && len(b) > 0 {
		out, ok := o.compress.Append(append(o.bytes, make([]byte, mux.HeaderSize)...), b)
		if packed = ok; ok {
			o.bytes = out
			mux.NewHeader(len(out)-from-mux.HeaderSize, mux.Data, f|mux.Compressed, st.id).Put(out[from:])
		}
	}
	if !packed {
		o.bytes = mux.AppendData(o.bytes, st.id, f, b)
	}
	s.sealed(from)
	o.tail, o.tailOf = from, st
}

// sealed ends the frame that begins at from. The lock is held.
func (s *Session) sealed(from int) {
	if s.feature&mux.Checksums != 0 {
		s.out.bytes = mux.Seal(s.out.bytes, from)
	}
	s.out.tail = -1
}

// control ends an answer to the other side that begins at from. More than may wait of those are an error. The lock is held.
func (s *Session) control(from int) {
	s.sealed(from)
	if s.out.control++; s.out.control > s.limits.Control {
		_ = s.fail(wrong(mux.Limit, "%d frames of control wait to be written", s.out.control))
	}
}

// announce ends a frame of control that begins at from and is no answer. The lock is held.
func (s *Session) announce(from int) {
	s.sealed(from)
	s.counted()
}

// each is how many frames may wait for each stream beside the limit: OPEN or CREDIT, STOP, the end, RESET. All streams may be given up at
// once, whatever the other side takes at that moment.
const each = 4

// counted counts a frame that needs no credit and is no answer. A peer that reads nothing can cause those too, by streams that come and
// go. The lock is held.
func (s *Session) counted() {
	if s.out.own++; s.out.own > s.limits.Control+each*s.most {
		_ = s.fail(wrong(mux.Limit, "%d frames wait to be written, of %d streams at most", s.out.own, s.most))
	}
}

// queueUp gives a stream to the scheduler if it has something that may be sent. The lock is held.
func (s *Session) queueUp(st *Stream) {
	if len(st.pending) > 0 && st.limit > st.sent && st.is&isQueued == 0 {
		s.out.queue.add(st)
	}
}

// schedule fills the round with what streams have to send. The lock is held.
func (s *Session) schedule() {
	o := &s.out
	for o.queue.n > 0 && len(o.bytes) < round && o.limit > o.sent {
		st, most := o.queue.next()
		n := min(most, len(st.pending), s.room(st), max(round-len(o.bytes), narrow), s.peer.MaxFrame)
		f := mux.Flags(0)
		if st.packed && n == len(st.pending) {
			f = mux.Packed
		}
		st.packed = false // what is left begins within a message
		s.put(st, st.pending[:n], f)
		st.pending = st.pending[n:]
		st.less(n)
		o.queue.charge(st, n)
		if len(st.pending) == 0 || st.limit == st.sent {
			o.queue.remove(st)
		}
		if len(st.pending) > 0 && st.limit == st.sent {
			st.relieve()
		}
		if st.passed > 0 && len(st.pending) <= s.limits.Pending {
			st.flow()
		}
		if s.short.Load() && s.err == nil {
			s.returnCredit()
		}
		if len(st.pending) == 0 {
			st.pending = nil
			s.finish(st)
			st.Side.Sent()
		}
	}
}

// flushing says whether the caller is to flush: there is something to write and nobody else does. The lock is held.
func (s *Session) flushing() bool {
	if s.out.busy {
		return false
	}
	if s.schedule(); len(s.out.bytes) == 0 {
		return false
	}
	s.out.busy = true
	return true
}

// Flush says whether the caller is to fetch what is to be written, by calling Take until that returns nothing.
func (s *Session) Flush() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flushing()
}

// Gathered is how many bytes are ready to be taken.
func (s *Session) Gathered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.out.bytes)
}

// Take returns what is to be written next, and nothing when that is all; then the caller is to stop. The session keeps done, which is what
// the call before has returned and is written, for what comes then. Whoever was told to flush calls it.
func (s *Session) Take(done []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &s.out
	if done != nil {
		o.spare = done[:0]
	}
	s.schedule()
	b := o.bytes
	if len(b) == 0 {
		o.busy = false
		return nil
	}
	s.pulse.wrote = time.Now()
	o.bytes, o.spare, o.control, o.own, o.tail, o.tailOf = o.spare, nil, 0, 0, -1, nil
	return b
}
