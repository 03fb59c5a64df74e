package pool

import "github.com/leat-io/leat/stage"

// A nowhere is where the answers to refused requests come from: they go through the decoder and the stages behind it like
// replies of a server.
type nowhere struct {
	stage.Conn
	station *station
	taken   fifo[refusal] // of the loop: whose answers are being decoded
	buf     []byte
}

func (w *nowhere) attach(st *station) {
	w.station = st
	w.Init(w, &st.terms)
}

// answer gives each request that was refused its answer. Where the protocol has none, the client's connection ends.
func (w *nowhere) answer() {
	st := w.station
	st.mu.Lock()
	w.taken, st.refused = st.refused, w.taken
	st.mu.Unlock()
	if w.taken.len() == 0 {
		return
	}
	w.buf = w.buf[:0]
	if st.forwarding.Refusal != nil {
		for range w.taken.len() {
			w.refuse()
		}
	}
	if len(w.buf) > 0 {
		s := st.segments.New()
		s.SetConn(&w.Conn)
		s.Data = w.buf
		w.buf = nil // the messages lie in it
		st.batch = append(st.batch, s)
		st.inlet.Push(st.batch)
		st.batch = st.batch[:0]
	}
	for w.taken.len() > 0 { // there is no answer, or it cannot be decoded
		w.fail(w.taken.at(0).err)
	}
	w.taken.trim()
	if w.Dead() || len(w.Reading.Tail) > 0 { // nothing of it may get in front of the next answers
		w.Conn = stage.Conn{}
		w.Init(w, &st.terms)
	}
}

// refuse appends the answer to the first request that was refused, and puts it behind the others. A panic of the user's function
// costs the client.
func (w *nowhere) refuse() {
	r := *w.taken.at(0)
	b, err := w.words(r.err)
	if err != nil {
		w.fail(err)
		return
	}
	w.taken.drop()
	*w.taken.push() = r
	w.buf = b
}

func (w *nowhere) words(why error) (b []byte, err error) {
	defer w.station.pool.caught("Refusal", &err)
	return w.station.forwarding.Refusal(w.buf, why), nil
}

// fail ends the client of the first request that was refused.
func (w *nowhere) fail(err error) {
	r := *w.taken.at(0)
	w.drop()
	if r.client != nil {
		r.client.Fail(err)
	}
	r.ticket.Void()
}

func (w *nowhere) drop() {
	w.taken.drop()
	w.station.pending.Add(-1)
}

// Claim implements stage.Answering.
func (w *nowhere) Claim(ln *stage.Lane, h *stage.Head, s *stage.Slab, m any, _ bool) stage.Claim {
	if w.taken.len() == 0 {
		return stage.Foreign
	}
	r := *w.taken.at(0)
	w.drop()
	if !r.ticket.Open() {
		return stage.Unused
	}
	r.ticket.Give(ln, h, s)
	if r.note != nil {
		m.(Noted).SetNote(r.note)
	}
	return stage.Claimed
}

// Unclaim implements stage.Answering: nothing is ever tentative.
func (w *nowhere) Unclaim(*stage.Lane, []*stage.Head) {}

// Write implements stage.Port.
func (w *nowhere) Write(b []byte) (int, error) { return len(b), nil }

// Want implements stage.Port.
func (w *nowhere) Want(bool, bool) {}

// Shut implements stage.Port.
func (w *nowhere) Shut(error) {}

// Peer implements stage.Port.
func (w *nowhere) Peer() string { return "nobody" }
