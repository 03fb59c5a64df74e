package stage_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// A lane1 is one lane with one connection.
type lane1 struct {
	*stagetest.Lane
	c *stagetest.Conn
	a *stage.Arena[msg]
}

func oneLane(l stage.Limits) lane1 {
	lane := stagetest.NewLane("lane")
	return lane1{lane, stagetest.NewConn(l), stage.NewArena[msg](lane.Lane)}
}

// request keeps a new request for later.
func (l lane1) request() *stage.Kept[msg] {
	k := stage.Retain(l.Lane.Lane, request(l.Lane.Lane, l.a, l.c))
	l.End()
	return k
}

func (l lane1) answer(k *stage.Kept[msg], text string) {
	reply(l.Lane.Lane, k.Take(l.Lane.Lane), text)
	l.End()
}

// echo is a request and its answer.
func (l lane1) echo(text string) { l.answer(l.request(), text) }

func (l lane1) reads() bool {
	read, _ := l.c.Wants()
	return read
}

func TestAtTheBoundNoTicketsAreGrantedUntilHalfAreSettled(t *testing.T) {
	for _, first := range []uint32{0, math.MaxUint32 - 3} {
		for _, most := range []int{1, 2, 5, 8} {
			limits := roomy
			limits.InFlight = most
			l := oneLane(limits)
			l.c.StartAt(first)
			var flying []*stage.Kept[msg]
			for round := range 5 {
				n := l.c.Grant()
				check(t, "granted", n, most-len(flying))
				for range n {
					flying = append(flying, l.request())
				}
				check(t, "granted at the bound", l.c.Grant(), 0)
				check(t, "reads at the bound", l.reads(), false)
				check(t, "halted at the bound", l.c.Halted(), true)
				for len(flying) > most/2 {
					check(t, fmt.Sprintf("reads with %d of %d in flight", len(flying), most), l.reads(), false)
					check(t, "granted with more than half in flight", l.c.Grant(), 0)
					if round%2 == 0 {
						l.answer(flying[0], "x")
					} else { // one that is dropped counts as well
						flying[0].Take(l.Lane.Lane)
						l.End()
					}
					flying = flying[1:]
				}
				check(t, fmt.Sprintf("reads with %d of %d in flight", len(flying), most), l.reads(), true)
				check(t, "halted", l.c.Halted(), false)
			}
		}
	}
}

// Only answers that have been written make room: those that wait for their turn cost memory.
func TestAnswersThatWaitForTheirTurnAreStillInFlight(t *testing.T) {
	limits := roomy
	limits.InFlight = 4
	l := oneLane(limits)
	var flying []*stage.Kept[msg]
	for range l.c.Grant() {
		flying = append(flying, l.request())
	}
	check(t, "granted at the bound", l.c.Grant(), 0)
	for _, k := range flying[1:] {
		l.answer(k, "x")
	}
	check(t, "reads with three of four answered and the first not", l.reads(), false)
	l.answer(flying[0], "x")
	check(t, "reads", l.reads(), true)
}

func marked() stage.Limits {
	l := roomy
	l.OutLow, l.OutHigh, l.OutHard = 100, 200, 300
	return l
}

func TestReadingStopsAboveTheHighMarkAndGoesOnAtTheLow(t *testing.T) {
	l := oneLane(marked())
	l.c.Take(0)
	out := func(waiting int, read bool) {
		t.Helper()
		_, bytes := l.c.Owed()
		check(t, "bytes that wait", bytes, waiting)
		check(t, fmt.Sprintf("reads with %d bytes waiting", waiting), l.reads(), read)
		_, write := l.c.Wants()
		check(t, fmt.Sprintf("wants to be told of room with %d bytes waiting", waiting), write, waiting > 0)
	}
	l.echo(strings.Repeat("x", 200))
	out(200, true)
	l.echo("x")
	out(201, false)
	check(t, "granted above the mark", l.c.Grant(), 0)
	l.c.Take(100)
	out(101, false)
	l.c.Take(1)
	out(100, true)
	if l.c.Grant() == 0 {
		t.Error("nothing is granted although the connection is read")
	}
	l.c.Take(-1)
	out(0, true)
	check(t, "memory for output that waits", l.c.OutCap(), 0)
}

// Bytes that wait for their turn count like those that wait for the peer.
func TestWhatWaitsForItsTurnCountsTowardsTheMarks(t *testing.T) {
	l := oneLane(marked())
	first, second := l.request(), l.request()
	l.answer(second, strings.Repeat("x", 201))
	check(t, "reads", l.reads(), false)
	l.answer(first, "first")
	check(t, "reads when it is written", l.reads(), true)
}

func TestAPeerThatDoesNotReadIsClosedOverTheHardLimit(t *testing.T) {
	l := oneLane(marked())
	l.c.Take(0)
	l.echo(strings.Repeat("x", 300))
	l.echo("x") // 300 was not over it
	_, closed := l.c.Closed()
	check(t, "closed with 301 bytes waiting", closed, false)
	l.echo("x")
	reason, closed := l.c.Closed()
	check(t, "closed when there is more to send", closed, true)
	check(t, "reason", reason, error(stage.ErrSlowReader))
	check(t, "the reason that is kept", l.c.Reason(), error(stage.ErrSlowReader))
	tickets, bytes := l.c.Owed()
	check(t, "tickets owed", tickets, 0)
	check(t, "bytes owed", bytes, 0)
	check(t, "memory of the output", l.c.OutCap(), 0)
}

func TestOutputThatWaitsIsNotOvertaken(t *testing.T) {
	c := &stage.Conn{}
	p := &slow{}
	c.Init(p, quietTerms())
	l := stagetest.NewLane("lane")
	a := stage.NewArena[msg](l.Lane)
	send := func(text string) {
		m := a.New()
		m.SetConn(c)
		reply(l.Lane, m, text)
		l.End()
	}
	p.room = 2
	send("12345")
	p.room = 100 // the peer has read, and nobody has told the connection yet
	send("67")
	check(t, "written before the connection is told", string(p.got), "12")
	c.Writable()
	check(t, "written", string(p.got), "1234567")
	c.Writable() // once too often
	check(t, "written", string(p.got), "1234567")
}

// A slow peer takes as much as it has room for.
type slow struct {
	room int
	got  []byte
}

func (p *slow) Write(b []byte) (int, error) {
	n := min(p.room, len(b))
	p.room -= n
	p.got = append(p.got, b[:n]...)
	return n, nil
}
func (*slow) Want(_, _ bool) {}
func (*slow) Shut(error)     {}
func (*slow) Peer() string   { return "slow" }

func TestAFailedWriteEndsTheConnection(t *testing.T) {
	broken := errors.New("a test")
	l := oneLane(roomy)
	l.c.Break(broken)
	l.echo("x")
	reason, _ := l.c.Closed()
	check(t, "reason of a write that failed at once", reason, broken)

	l = oneLane(roomy)
	l.c.Take(1)
	l.echo("xyz")
	l.c.Break(broken)
	l.c.Writable()
	reason, _ = l.c.Closed()
	check(t, "reason of a write that failed later", reason, broken)
}

// What waits for all peers together is bounded too, at the cost of those for whom much waits.
func TestOverTheOutputOfAllAPeerAboveItsHighMarkIsClosed(t *testing.T) {
	limits := roomy
	limits.OutHigh, limits.OutHard, limits.OutTotal = 100, 250, 250
	a := oneLane(limits)
	b := lane1{a.Lane, a.c.Sibling(), a.a}
	c := lane1{a.Lane, a.c.Sibling(), a.a}
	for _, l := range []lane1{a, b, c} {
		l.c.Take(0)
	}
	a.echo(strings.Repeat("a", 200))
	b.echo(strings.Repeat("b", 60)) // over the bound, but little of it is for b
	if _, closed := b.c.Closed(); closed {
		t.Error("a peer below its high mark was closed")
	}
	c.echo(strings.Repeat("c", 150))
	reason, closed := c.c.Closed()
	check(t, "closed", closed, true)
	check(t, "reason", errors.Is(reason, stage.ErrSlowReader), true)
	a.c.Take(-1)
	check(t, "the first peer's output", a.c.Wrote(), strings.Repeat("a", 200))
	b.echo(strings.Repeat("b", 100)) // there is room again
	b.c.Take(-1)
	check(t, "the second peer's output", b.c.Wrote(), strings.Repeat("b", 160))
}

// Answers that wait for one before them are bounded in bytes: a connection over the hard limit that is to park more ends.
func TestAnswersThatWaitForTheirTurnAreBounded(t *testing.T) {
	limits := roomy
	limits.OutHigh, limits.OutHard = 100, 250
	l := oneLane(limits)
	late := l.request()
	var behind []*stage.Kept[msg]
	for range 4 {
		behind = append(behind, l.request())
	}
	for i, k := range behind {
		l.answer(k, strings.Repeat("x", 100))
		reason, closed := l.c.Closed()
		check(t, fmt.Sprintf("closed behind %d answers", i+1), closed, i == 3)
		if closed {
			check(t, "reason", reason, error(stage.ErrBehind))
		}
	}
	l.answer(late, "late")
	n, _ := l.c.Owed()
	check(t, "tickets owed", n, 0)
	check(t, "written", l.c.Wrote(), "")
}
