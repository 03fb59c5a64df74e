package stage_test

import (
	"errors"
	"testing"

	"github.com/leat-io/leat/stage"
)

var errBye = errors.New("bye")

func TestFinishClosesAtOnceWhenNothingIsOwed(t *testing.T) {
	l := oneLane(roomy)
	l.c.Finish(errBye)
	reason, closed := l.c.Closed()
	check(t, "closed", closed, true)
	check(t, "reason", reason, errBye)
	check(t, "granted after that", l.c.Grant(), 0)
}

func TestFinishWaitsForTheLastAnswerAndTheLastByte(t *testing.T) {
	l := oneLane(roomy)
	first, second := l.request(), l.request()
	l.c.Finish(errBye)
	check(t, "reads", l.reads(), false)
	check(t, "finishing", l.c.Finishing(), true)
	l.answer(second, "second")
	l.c.Take(3)
	l.answer(first, "first ")
	_, closed := l.c.Closed()
	check(t, "closed with bytes that the peer has not taken", closed, false)
	l.c.Take(8)
	_, closed = l.c.Closed()
	check(t, "closed with one byte that the peer has not taken", closed, false)
	l.c.Take(1)
	reason, closed := l.c.Closed()
	check(t, "closed", closed, true)
	check(t, "reason", reason, errBye)
	check(t, "written", l.c.Wrote(), "first second")
}

func TestFinishIsContentWithVoidTickets(t *testing.T) {
	l := oneLane(roomy)
	k := l.request()
	l.c.Finish(nil)
	k.Take(l.Lane.Lane)
	l.End()
	reason, closed := l.c.Closed()
	check(t, "closed", closed, true)
	check(t, "reason", reason, nil)
	check(t, "label of the reason", stage.LabelOf(reason), "done")
}

func TestTheFirstFinishCounts(t *testing.T) {
	l := oneLane(roomy)
	k := l.request()
	l.c.Finish(errBye)
	l.c.Finish(errors.New("another"))
	l.answer(k, "")
	reason, _ := l.c.Closed()
	check(t, "reason", reason, errBye)
}

func TestFailIsImmediateAndItsFirstReasonIsKept(t *testing.T) {
	l := oneLane(roomy)
	l.c.Take(0)
	l.echo("waits for the peer")
	late, parked := l.request(), l.request()
	l.answer(parked, "waits for its turn")
	l.c.Fail(errBye)
	l.c.Fail(errors.New("another"))
	l.c.Finish(errors.New("another"))
	reason, closed := l.c.Closed()
	check(t, "closed", closed, true)
	check(t, "reason", reason, errBye)
	check(t, "dead", l.c.Dead(), true)
	check(t, "halted", l.c.Halted(), true)
	check(t, "memory of the output", l.c.OutCap(), 0)
	_, open := l.c.InBook()
	check(t, "has a book", open, false)
	l.c.Take(-1)
	l.c.Writable()
	l.answer(late, "too late") // and the port panics if it is written to
	tickets, bytes := l.c.Owed()
	check(t, "tickets owed", tickets, 0)
	check(t, "bytes owed", bytes, 0)
	check(t, "written", l.c.Wrote(), "")
}

func TestFailOverridesFinish(t *testing.T) {
	l := oneLane(roomy)
	l.request()
	l.c.Finish(nil)
	l.c.Fail(stage.ErrReset)
	check(t, "reason", l.c.Reason(), error(stage.ErrReset))
}

func TestARefusalTakesItsPlaceInTheOrder(t *testing.T) {
	l := oneLane(roomy)
	k := l.request()
	seq := l.c.Issued()
	l.c.Publish(seq + 1)
	l.c.Settle(seq, []byte("refused"))
	l.c.Settle(seq, []byte("refused again"))
	check(t, "ignored", l.c.Terms().Ignored.Load(), uint64(1))
	l.c.Settle(seq+1, []byte("never issued"))
	check(t, "ignored", l.c.Terms().Ignored.Load(), uint64(2))
	l.answer(k, "answer, ")
	check(t, "written", l.c.Wrote(), "answer, refused")
}

// When the source gives the descriptor back nothing may be written to it any more.
func TestAReleasedConnectionIsDead(t *testing.T) {
	l := oneLane(roomy)
	k := l.request()
	released := false
	l.c.Release(func() { released = true })
	check(t, "released", released, true)
	dead := false
	l.c.Locked(func(d bool) { dead = d })
	check(t, "dead", dead, true)
	l.answer(k, "too late")
	check(t, "written", l.c.Wrote(), "")
	_, shut := l.c.Closed()
	check(t, "shut by the connection", shut, false)
}
