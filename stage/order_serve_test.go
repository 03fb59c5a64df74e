package stage_test

import (
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
	"pgregory.net/rapid"
)

// request issues a ticket, if one may be issued, and keeps its message for any lane to serve.
func (w *world) request(*rapid.T) {
	e := w.conn()
	inFlight, most := len(e.tickets)-e.turn, e.Conn.Terms().InFlight
	if e.grant == 0 {
		e.grant = e.Grant()
		switch {
		case e.grant > most-inFlight:
			w.t.Fatalf("%d tickets were granted with %d of %d in flight", e.grant, inFlight, most)
		case e.grant == 0 && inFlight <= most/2 && !e.closed && !e.ended:
			w.t.Fatalf("no ticket was granted with %d of %d in flight", inFlight, most)
		}
	}
	if e.grant == 0 {
		w.t.Skip("nothing was granted")
	}
	e.grant--
	l := w.lanes[0]
	m := l.arena.New()
	stagetest.Issue(l.Lane.Lane, &e.Conn.Conn, m)
	w.keep(l, m, item{conn: e, ticket: e.issue()})
}

func (w *world) keep(l *worker, m *msg, i item) {
	i.kept = stage.Retain(l.Lane.Lane, m)
	w.pool = append(w.pool, i)
}

// serve takes some message into the batch of some lane and does something with it.
func (w *world) serve(*rapid.T) {
	if len(w.pool) == 0 {
		w.t.Skip("nothing to serve")
	}
	l := w.lane()
	n := rapid.IntRange(0, len(w.pool)-1).Draw(w.t, "message")
	i := w.pool[n]
	w.pool = append(w.pool[:n], w.pool[n+1:]...)
	w.with(l, i.kept.Take(l.Lane.Lane), i)
}

func (w *world) with(l *worker, m *msg, i item) {
	w.t.Logf("ticket %d of connection %d, child %v, on %s", i.ticket.no, i.conn.ID(), i.child, l.Name)
	ops := []func(){
		func() { w.drop(l, i) },
		func() { w.keep(l, m, i) },
		func() { w.split(l, m, i) },
	}
	if i.child {
		ops = append(ops, func() { w.gather(l, m, i) }, func() { w.gather(l, m, i) })
	} else {
		ops = append(ops, func() { w.answer(l, m, i) }, func() { w.answer(l, m, i) }, func() { w.parts(l, m, i) }, func() { w.twice(l, m, i) })
	}
	ops[rapid.IntRange(0, len(ops)-1).Draw(w.t, "drop, keep, split, gather or answer, parts, twice")]()
}

func (w *world) answer(l *worker, m *msg, i item) {
	text := w.fresh()
	reply(l.Lane.Lane, m, text)
	l.actions = append(l.actions, func() { i.conn.answer(i.ticket, []byte(text)) })
}

// twice is what a stage does that copies a Head.
func (w *world) twice(l *worker, m *msg, i item) {
	i.conn.twice = true
	again := *m
	w.answer(l, m, i)
	if rapid.Bool().Draw(w.t, "something between") {
		w.unasked(w.t)
	}
	w.answer(l, &again, i)
}

func (w *world) drop(l *worker, i item) {
	l.voids = append(l.voids, func() {
		if i.child {
			i.conn.arrive(i.ticket, true)
		} else {
			i.conn.answer(i.ticket, nil)
		}
		i.conn.written()
	})
}

func (w *world) parts(l *worker, m *msg, i item) {
	l.pieces = rapid.IntRange(0, 4).Draw(w.t, "parts")
	out, _ := l.flat.Process(nil, []*msg{m})
	if len(out) == 0 {
		w.drop(l, i)
		return
	}
	last := len(out) - 1
	for _, p := range out[:last] {
		text := w.fresh()
		reply(l.Lane.Lane, p, text)
		l.actions = append(l.actions, func() { i.conn.part(i.ticket, []byte(text)) })
	}
	w.with(l, out[last], i)
}

func (w *world) split(l *worker, m *msg, i item) {
	l.pieces = rapid.IntRange(0, 4).Draw(w.t, "children")
	out, _ := l.split.Process(nil, []*msg{m})
	switch {
	case len(out) == 0:
		w.drop(l, i)
		return
	case i.child:
		i.ticket.children += len(out) - 1
	case len(out) > 1:
		i.ticket.children, i.ticket.lost = len(out), false
		i.child = true
	}
	for _, c := range out {
		w.keep(l, c, i)
	}
}

func (w *world) gather(l *worker, m *msg, i item) {
	out, _ := l.gather.Process(nil, []*msg{m})
	last := i.conn.arrive(i.ticket, false)
	i.conn.written()
	if last != (len(out) == 1) {
		w.t.Fatalf("Gather let %d messages pass; the last child of the request and none lost: %v", len(out), last)
	}
	if len(out) == 1 {
		i.child = false
		w.with(l, out[0], i)
	}
}

// unasked sends a message without a ticket.
func (w *world) unasked(*rapid.T) {
	l, e := w.lane(), w.conn()
	m, text := l.arena.New(), w.fresh()
	m.SetConn(&e.Conn.Conn)
	reply(l.Lane.Lane, m, text)
	l.actions = append(l.actions, func() { e.unasked([]byte(text)) })
}
