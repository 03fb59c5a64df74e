package stage_test

import (
	"testing"

	"github.com/leat-io/leat/stage"
	"pgregory.net/rapid"
)

// agree compares every connection with its oracle.
func (w *world) agree(*rapid.T) {
	for _, e := range w.conns {
		wrote := e.Wrote()
		reason, closed := e.Closed()
		if closed && e.twice && stage.LabelOf(reason) == "answered twice" {
			e.closed, e.taken = true, len(wrote)
		}
		held := e.taken - len(wrote)
		if !w.corked() || e.closed {
			held = 0
		}
		switch {
		case e.taken > len(e.stream) || held < 0 || wrote != string(e.stream[:e.taken-held]):
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
		case bytes != len(e.stream)-e.taken+held+e.parked():
			w.t.Fatalf("%d bytes wait for the peer, want %d and %d parked", bytes, len(e.stream)-e.taken+held, e.parked())
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
	w.restAll()
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
		for range 4 { // a few steps are too few to fill the book of a connection
			t.Repeat(map[string]func(*rapid.T){
				"":        w.agree,
				"request": w.request,
				"again":   w.request,
				"serve":   w.serve,
				"more":    w.serve,
				"unasked": w.unasked,
				"end":     w.end,
				"rest":    w.rest,
				"take":    w.take,
				"fail":    w.fail,
				"finish":  w.finish,
			})
		}
		w.drain()
	})
}
