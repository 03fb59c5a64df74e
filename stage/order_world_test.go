package stage_test

import (
	"fmt"
	"math"
	"slices"
	"strings"

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
		if rapid.Bool().Draw(t, "holds answers back") {
			l.MayCork()
		}
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

// rest lets a lane wait for input.
func (w *world) rest(*rapid.T) { w.lane().Uncork() }

func (w *world) restAll() {
	for _, l := range w.lanes {
		l.Uncork()
	}
}

// corked says whether some lane holds answers back.
func (w *world) corked() bool {
	return slices.ContainsFunc(w.lanes, func(l *worker) bool { return l.Corked() })
}

func (w *world) take(*rapid.T) {
	e := w.conn()
	n := rapid.SampledFrom([]int{-1, 0, 1, 3, 50}).Draw(w.t, "bytes")
	w.restAll() // the oracle has had the peer take it already
	e.room = n
	e.Take(n)
	e.written()
}

func (w *world) fail(*rapid.T) {
	if e := w.conn(); rapid.IntRange(0, 9).Draw(w.t, "seldom") == 0 {
		w.restAll()
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
