package stage_test

import (
	"fmt"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// repeat makes ID copies of a message.
var repeat = stage.FlatMap(func(in *msg, emit func() *msg) {
	for i := range in.ID {
		m := emit()
		m.ID, m.N = in.ID, uint64(i)
	}
})

func TestTheLastPartOfAnAnswerCompletesIt(t *testing.T) {
	r, c := stagetest.NewRig(repeat), stagetest.NewConn(roomy)
	var batch []*msg
	for _, n := range []int{3, 0, 1, 2} {
		m := r.New()
		m.ID = n
		batch = append(batch, m)
	}
	stagetest.Issue(r.Lane.Lane, &c.Conn, batch...)
	out, _ := r.Push(batch...)
	for _, m := range out {
		reply(r.Lane.Lane, m, fmt.Sprintf("%d.%d ", m.ID, m.N))
		if n, _ := c.Owed(); n != 4 {
			t.Fatalf("%d tickets are open before the batch has ended", n)
		}
	}
	r.End()
	check(t, "written", c.Wrote(), "3.0 3.1 3.2 1.0 2.0 2.1 ")
	n, _ := c.Owed()
	check(t, "tickets owed", n, 0)
}

func TestPartsOfPartsLieInOrder(t *testing.T) {
	twice := stage.FlatMap(func(in *msg, emit func() *msg) {
		for range 2 {
			m := emit()
			m.ID, m.N = in.ID, in.N
		}
	})
	_, conns := serve(t, stage.Then(repeat, twice), 4)
	check(t, "answers", wrote(conns), "-112222333333")
}

func TestAnAnswerOfWhichTheLastPartIsDroppedIsCompleteAllTheSame(t *testing.T) {
	r, c := stagetest.NewRig(repeat), stagetest.NewConn(roomy)
	m, next := r.New(), r.New()
	m.ID, next.ID = 3, 1
	stagetest.Issue(r.Lane.Lane, &c.Conn, m, next)
	out, _ := r.Push(m, next)
	for _, i := range []int{0, 1, 3} {
		reply(r.Lane.Lane, out[i], fmt.Sprintf("%d.%d ", out[i].ID, out[i].N))
	}
	r.End()
	check(t, "written", c.Wrote(), "3.0 3.1 1.0 ")
}

// The parts of the second answer are parked. When its last part and the whole first answer lie in one piece in the outbox,
// the parts must not be lost.
func TestTheLastPartDoesNotBecomeOnePieceWithTheAnswerBeforeIt(t *testing.T) {
	r, c := stagetest.NewRig(repeat), stagetest.NewConn(roomy)
	first, second := r.New(), r.New()
	first.ID, second.ID = 1, 3
	stagetest.Issue(r.Lane.Lane, &c.Conn, first, second)
	out, _ := r.Push(first, second)
	kept, last := stage.Retain(r.Lane.Lane, out[0]), stage.Retain(r.Lane.Lane, out[3])
	reply(r.Lane.Lane, out[1], "two, ")
	reply(r.Lane.Lane, out[2], "three, ")
	r.End()
	check(t, "written before the first answer", c.Wrote(), "")
	reply(r.Lane.Lane, kept.Take(r.Lane.Lane), "one, ")
	reply(r.Lane.Lane, last.Take(r.Lane.Lane), "four")
	r.End()
	check(t, "written", c.Wrote(), "one, two, three, four")

	// What was parked is gone: the same place of the book serves later tickets.
	for i := range 40 {
		m := r.New()
		m.ID = 1
		stagetest.Issue(r.Lane.Lane, &c.Conn, m)
		reply(r.Lane.Lane, m, fmt.Sprint(" ", i%10))
		r.End()
	}
	check(t, "written after that", len(c.Wrote()), len("one, two, three, four")+2*40)
}

// What interrupts an answer waits for its end, twice in one batch: the memory in which it waits must not be used again before
// the batch is written.
func TestMessagesWithoutATicketGoBetweenAnswers(t *testing.T) {
	r, c := stagetest.NewRig(repeat), stagetest.NewConn(roomy)
	push := func(text string) {
		m := r.New()
		m.SetConn(&c.Conn)
		reply(r.Lane.Lane, m, text)
	}
	push("before ")
	var lasts []*stage.Kept[msg]
	for range 2 {
		m := r.New()
		m.ID = 2
		stagetest.Issue(r.Lane.Lane, &c.Conn, m)
		out, _ := r.Push(m)
		reply(r.Lane.Lane, out[0], fmt.Sprintf("part%d ", m.Seq()))
		lasts = append(lasts, stage.Retain(r.Lane.Lane, out[1]))
	}
	push("A ")
	r.End()
	check(t, "written with an answer begun", c.Wrote(), "before part0 ")
	push("B ")
	reply(r.Lane.Lane, lasts[0].Take(r.Lane.Lane), "end0 ")
	push("C ")
	push("D ")
	reply(r.Lane.Lane, lasts[1].Take(r.Lane.Lane), "end1 ")
	push("E")
	r.End()
	check(t, "written", c.Wrote(), "before part0 end0 A B part1 end1 C D E")
	if _, open := c.InBook(); open {
		t.Error("the connection keeps its book")
	}
}

func TestWhatInterruptsAnAnswerGoesBeforeTheNext(t *testing.T) {
	r, c := stagetest.NewRig(repeat), stagetest.NewConn(roomy)
	m := r.New()
	m.ID = 2
	stagetest.Issue(r.Lane.Lane, &c.Conn, m)
	out, _ := r.Push(m)
	reply(r.Lane.Lane, out[0], "part ")
	last := stage.Retain(r.Lane.Lane, out[1])
	r.End()
	push, next := r.New(), r.New()
	push.SetConn(&c.Conn)
	stagetest.Issue(r.Lane.Lane, &c.Conn, next)
	reply(r.Lane.Lane, push, "push ")
	reply(r.Lane.Lane, last.Take(r.Lane.Lane), "end ")
	reply(r.Lane.Lane, next, "next")
	r.End()
	check(t, "written", c.Wrote(), "part end push next")
}

// The same with nothing in the answers, so that what waited is all there is to write when more of it comes to wait.
func TestMessagesWithoutATicketAreNotOverwrittenByTheNext(t *testing.T) {
	r, c := stagetest.NewRig(repeat), stagetest.NewConn(roomy)
	var lasts []*stage.Kept[msg]
	for range 2 {
		m := r.New()
		m.ID = 2
		stagetest.Issue(r.Lane.Lane, &c.Conn, m)
		out, _ := r.Push(m)
		reply(r.Lane.Lane, out[0], "")
		lasts = append(lasts, stage.Retain(r.Lane.Lane, out[1]))
	}
	r.End()
	push := func(text string) {
		m := r.New()
		m.SetConn(&c.Conn)
		reply(r.Lane.Lane, m, text)
	}
	push("first ")
	r.End()
	reply(r.Lane.Lane, lasts[0].Take(r.Lane.Lane), "")
	push("second")
	r.End()
	check(t, "written in the middle of the second answer", c.Wrote(), "first ")
	lasts[1].Take(r.Lane.Lane)
	r.End()
	check(t, "written", c.Wrote(), "first second")
}

func TestMessagesWithoutATicketDoNotPileUpBehindAnAnswerThatNeverEnds(t *testing.T) {
	l := roomy
	l.OutLow, l.OutHigh, l.OutHard = 100, 200, 1000
	r, c := stagetest.NewRig(repeat), stagetest.NewConn(l)
	m := r.New()
	m.ID = 2
	stagetest.Issue(r.Lane.Lane, &c.Conn, m)
	out, _ := r.Push(m)
	reply(r.Lane.Lane, out[0], "part")
	stage.Retain(r.Lane.Lane, out[1])
	for range 200 {
		m := r.New()
		m.SetConn(&c.Conn)
		reply(r.Lane.Lane, m, "ten bytes.")
		r.End()
	}
	reason, closed := c.Closed()
	check(t, "closed", closed, true)
	check(t, "reason", reason, error(stage.ErrSlowReader))
}
