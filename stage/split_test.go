package stage_test

import (
	"fmt"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// pieces splits a message into ID children, numbered by N.
var pieces = stage.Split(func(in *msg, emit func() *msg) {
	for i := range in.ID {
		m := emit()
		m.ID, m.N = in.ID, uint64(i)
	}
})

// splitter is a lane that splits requests of c.
type splitter struct {
	*stagetest.Rig[msg, msg]
	c *stagetest.Conn
	t *testing.T
}

func newSplitter(t *testing.T) splitter {
	return splitter{stagetest.NewRig(pieces), stagetest.NewConn(roomy), t}
}

// request splits a new request into n children, and keeps them.
func (s splitter) request(n int) (kept []*stage.Kept[msg]) {
	s.t.Helper()
	m := s.New()
	m.ID = n
	stagetest.Issue(s.Lane.Lane, &s.c.Conn, m)
	out, err := s.Push(m)
	check(s.t, "error of Split", err, nil)
	for _, k := range out {
		kept = append(kept, stage.Retain(s.Lane.Lane, k))
	}
	s.End()
	return kept
}

// gather passes messages through Gather on a lane of its own, and answers with their numbers.
func (s splitter) gather(kept ...*stage.Kept[msg]) (passed int) {
	s.t.Helper()
	r := stagetest.NewRig(stage.Gather[msg]())
	var batch []*msg
	for _, k := range kept {
		batch = append(batch, k.Take(r.Lane.Lane))
	}
	out, _ := r.Push(batch...)
	for _, m := range out {
		reply(r.Lane.Lane, m, fmt.Sprintf("%d.%d ", m.ID, m.N))
	}
	r.End()
	return len(out)
}

func (s splitter) drop(k *stage.Kept[msg]) {
	l := stagetest.NewLane("drop")
	k.Take(l.Lane)
	l.End()
}

func (s splitter) owes(tickets int) {
	s.t.Helper()
	n, _ := s.c.Owed()
	check(s.t, "tickets owed", n, tickets)
}

func TestTheLastChildOfARequestAnswersIt(t *testing.T) {
	s := newSplitter(t)
	a, b := s.request(3), s.request(2)
	check(t, "passed", s.gather(a[1], b[1]), 0)
	check(t, "passed", s.gather(b[0]), 1)
	s.owes(1)
	check(t, "written before the first request is gathered", s.c.Wrote(), "")
	check(t, "passed", s.gather(a[2], a[0]), 1)
	check(t, "written", s.c.Wrote(), "3.0 2.0 ")
	s.owes(0)
	if _, open := s.c.InBook(); open {
		t.Error("the connection keeps its book")
	}
}

func TestARequestOfWhichAChildIsLostGetsNoAnswerAndHoldsUpNobody(t *testing.T) {
	for lost := range 3 {
		s := newSplitter(t)
		a, b := s.request(3), s.request(1)
		s.gather(b...)
		for i, k := range a {
			if i == lost {
				s.drop(k)
			} else {
				check(t, "passed", s.gather(k), 0)
			}
		}
		check(t, "written", s.c.Wrote(), "1.0 ")
		s.owes(0)
		check(t, "ignored", s.c.Terms().Ignored.Load(), uint64(0))
	}
}

func TestARequestThatIsSplitIntoNothingIsVoid(t *testing.T) {
	s := newSplitter(t)
	s.request(0)
	s.owes(0)
	s.gather(s.request(1)...)
	check(t, "written", s.c.Wrote(), "1.0 ")
}

func TestAChildMayBeSplitAgain(t *testing.T) {
	s := newSplitter(t)
	a := s.request(2)
	again := stagetest.NewRig(pieces)
	child := a[0].Take(again.Lane.Lane)
	child.ID = 3
	out, _ := again.Push(child)
	var kept []*stage.Kept[msg]
	for _, m := range out {
		kept = append(kept, stage.Retain(again.Lane.Lane, m))
	}
	again.End()
	check(t, "grandchildren", len(kept), 3)
	check(t, "passed", s.gather(kept[0], a[1], kept[2]), 0)
	s.owes(1)
	check(t, "passed", s.gather(kept[1]), 1)
	check(t, "written", s.c.Wrote(), "3.1 ")
	s.owes(0)
}

func TestAMessageThatWasNotSplitPassesGather(t *testing.T) {
	r, c := stagetest.NewRig(stage.Gather[msg]()), stagetest.NewConn(roomy)
	m, push := r.New(), r.New()
	stagetest.Issue(r.Lane.Lane, &c.Conn, m)
	push.SetConn(&c.Conn)
	out, _ := r.Push(m, push)
	check(t, "passed", len(out), 2)
	r.End()
}

func TestAChildThatReachesASinkWithoutGatherEndsItsConnection(t *testing.T) {
	s := newSplitter(t)
	other := s.c.Sibling()
	m, fine := s.New(), s.New()
	m.ID, fine.ID = 2, 1
	stagetest.Issue(s.Lane.Lane, &s.c.Conn, m)
	stagetest.Issue(s.Lane.Lane, &other.Conn, fine)
	out, _ := s.Push(m, fine)
	for _, k := range out {
		reply(s.Lane.Lane, k, "answer")
	}
	s.End()
	reason, _ := s.c.Closed()
	check(t, "label of the reason", stage.LabelOf(reason), "not gathered")
	check(t, "the other connection", other.Wrote(), "answer")
	s.owes(0)
}

// The parts of a child are no parts of the answer: only one message of a split request passes Gather.
func TestPartsOfAChildEndInGather(t *testing.T) {
	_, conns := serve(t, stage.Then(pieces, stage.Then(repeat, stage.Gather[msg]())), 4)
	check(t, "answers", wrote(conns), "-123")
}

func TestChildrenOfAConnectionThatFailsAreSettled(t *testing.T) {
	s := newSplitter(t)
	a := s.request(3)
	s.gather(a[0])
	s.c.Fail(stage.ErrReset)
	s.gather(a[1])
	s.drop(a[2])
	s.owes(0)
	s.request(2) // the lane does not know yet
	s.owes(0)
}
