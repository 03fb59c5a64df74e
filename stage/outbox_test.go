package stage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestAConnectionIsWrittenOncePerBatch(t *testing.T) {
	l, first := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	a := stage.NewArena[msg](l.Lane)
	conns := []*stagetest.Conn{first, first.Sibling(), first.Sibling()}
	for i := range 30 {
		reply(l.Lane, request(l.Lane, a, conns[i%3]), fmt.Sprint(i, " "))
	}
	l.End()
	for i, c := range conns {
		check(t, "writes", c.Writes(), 1)
		want := ""
		for n := i; n < 30; n += 3 {
			want += fmt.Sprint(n, " ")
		}
		check(t, "written", c.Wrote(), want)
	}
}

// The table that finds a connection again has 256 places.
func TestManyConnectionsInOneBatchKeepTheirOrder(t *testing.T) {
	l, first := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	a := stage.NewArena[msg](l.Lane)
	var conns []*stagetest.Conn
	for range 600 {
		conns = append(conns, first.Sibling())
	}
	for round := range 3 {
		for _, c := range conns {
			reply(l.Lane, request(l.Lane, a, c), fmt.Sprint(round))
		}
	}
	l.End()
	for i, c := range conns {
		if c.Wrote() != "012" {
			t.Fatalf("connection %d was answered %q", i, c.Wrote())
		}
	}
}

func TestALargeOutputIsWrittenBeforeTheBatchEnds(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	a := stage.NewArena[msg](l.Lane)
	text := strings.Repeat("x", 100<<10)
	for range 25 {
		reply(l.Lane, request(l.Lane, a, c), text)
	}
	if n := len(c.Wrote()); n < 2<<20 {
		t.Errorf("%d bytes of 2.5 MB are written before the end", n)
	}
	if n := cap(l.Outbox().Buffer()); n > 2<<20 {
		t.Errorf("the outbox has %d bytes of memory", n)
	}
	l.End()
	check(t, "bytes written", len(c.Wrote()), 25*len(text))
	reply(l.Lane, request(l.Lane, a, c), strings.Repeat("x", 3<<20))
	l.End()
	if n := cap(l.Outbox().Buffer()); n > 256<<10 {
		t.Errorf("the outbox keeps %d bytes of memory", n)
	}
}

func TestWhatIsNotHandedOverHasNotHappened(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	a := stage.NewArena[msg](l.Lane)
	first, second := request(l.Lane, a, c), request(l.Lane, a, c)
	reply(l.Lane, first, "first")
	_ = append(l.Outbox().Buffer(), "half of an answer, then an error"...)
	reply(l.Lane, second, ", second")
	l.End()
	check(t, "written", c.Wrote(), "first, second")
}

func TestAnswerWantsWhatBufferGave(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	a := stage.NewArena[msg](l.Lane)
	for range 2 {
		m := request(l.Lane, a, c)
		reply(l.Lane, request(l.Lane, a, c), "answer")
		if panics(func() { l.Outbox().Answer(&m.Head, nil) }) == nil {
			t.Error("an answer that was not appended to the buffer was accepted")
		}
	}
	l.End()
	check(t, "written", c.Wrote(), "answeranswer")
}

func TestAMessageOfNobodyIsIgnored(t *testing.T) {
	l := stagetest.NewLane("lane")
	a := stage.NewArena[msg](l.Lane)
	reply(l.Lane, a.New(), "answer")
	l.End()
}

func TestTheCopyOfARequestAnswersNobody(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	a := stage.NewArena[msg](l.Lane)
	m := request(l.Lane, a, c)
	second := a.New()
	*second = *m
	second.Unticket()
	reply(l.Lane, second, "copy")
	reply(l.Lane, m, "original")
	l.End()
	check(t, "written", c.Wrote(), "original")
	check(t, "ignored", c.Terms().Ignored.Load(), uint64(1))
}

// A request that is answered again is an error of the program. When the second answer has become one piece with others it
// cannot be left out; the connection ends rather than get a wrong answer, and no other connection is touched.
func TestASecondAnswerNeverReachesTheWrongRequest(t *testing.T) {
	for _, parked := range []bool{false, true} {
		l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
		other := c.Sibling()
		a := stage.NewArena[msg](l.Lane)
		var late *stage.Kept[msg]
		if parked {
			late = stage.Retain(l.Lane, request(l.Lane, a, c))
		}
		first, second, third := request(l.Lane, a, c), request(l.Lane, a, c), request(l.Lane, a, c)
		again := *second
		request(l.Lane, a, other) // which nobody answers: it must still be void
		reply(l.Lane, second, "second")
		reply(l.Lane, first, "first")
		reply(l.Lane, &again, "second again")
		reply(l.Lane, third, "third")
		l.End()
		reason, closed := c.Closed()
		check(t, "closed", closed, true)
		check(t, "label of the reason", stage.LabelOf(reason), "answered twice")
		check(t, "ignored", c.Terms().Ignored.Load(), uint64(1))
		n, _ := other.Owed()
		check(t, "tickets that the other connection owes", n, 0)
		if parked {
			late.Take(l.Lane)
			l.End()
		}
		n, _ = c.Owed()
		check(t, "tickets owed", n, 0)
	}
}
