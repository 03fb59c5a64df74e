package streams

import (
	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/stage"
)

// Send sends messages on their streams. What a stream has no credit for waits in memory of the session, which is bounded, see
// [session.Stream.Push]; and the client gets no credit while much waits. Messages of streams that have ended are counted as ignored.
//
// A connection is written once per batch, or in between when a batch has much for it. Who sends while another lane writes leaves it to that.
func Send() stage.SinkMaker[Message] {
	return func(l *stage.Lane) stage.Sink[Message] {
		s := &sender{lane: l}
		l.OnEnd(s.flush)
		return s
	}
}

type sender struct {
	lane    *stage.Lane
	due     []*link // to be written
	scratch []byte
}

// Push implements [stage.Sink].
func (s *sender) Push(batch []*Message) {
	for _, m := range batch {
		if m.Stream != nil {
			s.send(m)
		}
	}
}

func (s *sender) send(m *Message) {
	st := m.Stream
	if m.refusal != nil {
		if st.core.Reset(m.refusal.Code, m.refusal.Text) {
			s.due = append(s.due, st.link)
		}
		return
	}
	b, f := m.Payload, mux.Flags(0)
	if st.messages != nil && b != nil && !(m.bare && len(b) == 0) {
		s.scratch = mux.AppendMessage(s.scratch[:0], b)
		b, f = s.scratch, mux.Packed
	}
	if m.Fin {
		f |= mux.Fin
	} else if len(b) == 0 {
		return
	}
	left, flush, err := st.core.Push(b, f)
	if flush {
		s.due = append(s.due, st.link)
	}
	if err != nil {
		st.link.conn.Terms().Ignored.Add(1)
		return
	}
	if left > 0 {
		s.now(st.link)
		st.core.Keep()
	}
	if cap(s.scratch) > mostScratch {
		s.scratch = nil
	}
}

// mostScratch is the largest buffer that is kept for other messages.
const mostScratch = 256 << 10

// now writes what there is for a connection, if this lane is the one that does.
func (s *sender) now(l *link) {
	for i, o := range s.due {
		if o == l {
			last := len(s.due) - 1
			s.due[i], s.due[last] = s.due[last], nil
			s.due = s.due[:last]
			s.lane.Pump(l.conn, l.session)
			return
		}
	}
}

func (s *sender) flush() {
	for i, l := range s.due {
		s.due[i] = nil
		s.lane.Pump(l.conn, l.session)
	}
	s.due = s.due[:0]
}
