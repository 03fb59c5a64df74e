package stage_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
	"pgregory.net/rapid"
)

// A world is some connections whose requests are served on some lanes, all of it by one goroutine, and what must come of it.
type world struct {
	t     *rapid.T
	conns []*endpoint
	lanes []*worker
	pool  []item
	text  int
}

type endpoint struct {
	*stagetest.Conn
	*oracle
	grant int
}

type worker struct {
	*stagetest.Lane
	arena   *stage.Arena[msg]
	flat    stage.Stage[msg, msg]
	split   stage.Stage[msg, msg]
	gather  stage.Stage[msg, msg]
	pieces  int      // that flat and split make
	actions []func() // what the oracles must be told when the batch ends
	voids   []func()
}

// An item is a message between two batches.
type item struct {
	kept   *stage.Kept[msg]
	conn   *endpoint
	ticket *ticket
	child  bool
}

func newWorld(t *rapid.T) *world {
	w := &world{t: t}
	l := roomy
	l.InFlight = rapid.SampledFrom([]int{1, 2, 3, 8, 100}).Draw(t, "in flight")
	first := stagetest.NewConn(l)
	for range rapid.IntRange(1, 3).Draw(t, "connections") {
		e := &endpoint{Conn: first.Sibling(), oracle: &oracle{room: -1}}
		e.StartAt(rapid.SampledFrom([]uint32{0, 5, math.MaxUint32, math.MaxUint32 - 1, math.MaxUint32 - 20}).Draw(t, "first ticket"))
		w.conns = append(w.conns, e)
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "lanes") {
		l := &worker{Lane: stagetest.NewLane(fmt.Sprint(i))}
		l.arena = stage.NewArena[msg](l.Lane.Lane)
		emit := func(_ *msg, emit func() *msg) {
			for range l.pieces {
				emit()
			}
		}
		l.flat = stage.FlatMap(emit)(l.Lane.Lane)
		l.split = stage.Split(emit)(l.Lane.Lane)
		l.gather = stage.Gather[msg]()(l.Lane.Lane)
		w.lanes = append(w.lanes, l)
	}
	return w
}

func (w *world) lane() *worker { return w.lanes[rapid.IntRange(0, len(w.lanes)-1).Draw(w.t, "lane")] }

func (w *world) conn() *endpoint {
	return w.conns[rapid.IntRange(0, len(w.conns)-1).Draw(w.t, "connection")]
}

// fresh is some text that occurs nowhere else, or none.
func (w *world) fresh() string {
	w.text++
	return strings.Repeat(fmt.Sprintf("<%d>", w.text), rapid.SampledFrom([]int{0, 1, 1, 1, 40}).Draw(w.t, "length"))
}

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

// end ends the batch of one lane: only now its answers are made.
func (w *world) end(*rapid.T) { w.endOf(w.lane()) }

func (w *world) endOf(l *worker) {
	for _, f := range l.actions {
		f()
	}
	for _, e := range w.conns {
		e.written()
	}
	for _, f := range l.voids {
		f()
	}
	l.actions, l.voids = nil, nil
	l.End()
}

func (w *world) take(*rapid.T) {
	e := w.conn()
	n := rapid.SampledFrom([]int{-1, 0, 1, 3, 50}).Draw(w.t, "bytes")
	e.room = n
	e.Take(n)
	e.written()
}

func (w *world) fail(*rapid.T) {
	if e := w.conn(); rapid.IntRange(0, 9).Draw(w.t, "seldom") == 0 {
		e.Fail(fmt.Errorf("a test"))
		e.closed = true
	}
}

func (w *world) finish(*rapid.T) {
	if e := w.conn(); rapid.IntRange(0, 9).Draw(w.t, "seldom") == 0 {
		e.Finish(nil)
		e.ended = true
		e.written()
	}
}

// agree compares every connection with its oracle.
func (w *world) agree(*rapid.T) {
	for _, e := range w.conns {
		wrote := e.Wrote()
		reason, closed := e.Closed()
		if closed && e.twice && stage.LabelOf(reason) == "answered twice" {
			e.closed, e.taken = true, len(wrote)
		}
		switch {
		case e.taken > len(e.stream) || wrote != string(e.stream[:e.taken]):
			w.t.Fatalf("wrote %q, want %d bytes of %q", wrote, e.taken, e.stream)
		case closed != e.closed:
			w.t.Fatalf("closed %v with reason %v, want %v; turn %d of %d, taken %d of %d; ended %v twice %v", closed, reason, e.closed, e.turn, len(e.tickets), e.taken, len(e.stream), e.ended, e.twice)
		}
		if closed {
			continue
		}
		tickets, bytes := e.Owed()
		switch {
		case tickets != e.unsettled():
			w.t.Fatalf("%d tickets are owed, want %d", tickets, e.unsettled())
		case bytes != len(e.stream)-e.taken+e.parked():
			w.t.Fatalf("%d bytes wait for the peer, want %d and %d parked", bytes, len(e.stream)-e.taken, e.parked())
		}
	}
}

// drain drops what is left, and everything that remains must be in order.
func (w *world) drain() {
	for _, i := range w.pool {
		l := w.lanes[0]
		i.kept.Take(l.Lane.Lane)
		w.drop(l, i)
	}
	for _, l := range w.lanes {
		w.endOf(l)
		check(w.t, "tickets that the lane believes open", l.OpenTickets(), 0)
	}
	for _, e := range w.conns {
		e.room = -1
		e.Take(-1)
		e.written()
	}
	w.agree(w.t)
	for _, e := range w.conns {
		if _, open := e.InBook(); open {
			w.t.Fatalf("a connection that owes nothing keeps its book")
		}
		n, _ := e.Owed()
		check(w.t, "tickets owed when no message is left", n, 0)
	}
}

func TestAnswersGoOutInTheOrderOfTheirRequestsWhateverTheLanesDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		t.Repeat(map[string]func(*rapid.T){
			"":        w.agree,
			"request": w.request,
			"again":   w.request,
			"serve":   w.serve,
			"more":    w.serve,
			"unasked": w.unasked,
			"end":     w.end,
			"take":    w.take,
			"fail":    w.fail,
			"finish":  w.finish,
		})
		w.drain()
	})
}
