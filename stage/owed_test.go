package stage_test

import (
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestATicketOutlivesItsMessage(t *testing.T) {
	l, other, c := stagetest.NewLane("requests"), stagetest.NewLane("replies"), stagetest.NewConn(roomy)
	arena, replies := stage.NewArena[msg](l.Lane), stage.NewArena[msg](other.Lane)
	var tickets []stage.Ticket
	for range 3 {
		tickets = append(tickets, l.Take(stage.HeadOf(request(l.Lane, arena, c))))
	}
	check(t, "the ticket is open", tickets[0].Open(), true)
	check(t, "its connection", tickets[0].Conn(), &c.Conn)
	l.End()
	n, _ := c.Owed()
	check(t, "owed behind the end of the batch", n, 3)
	m := replies.New()
	tickets[1].Give(other.Lane, stage.HeadOf(m), nil)
	reply(other.Lane, m, "1")
	other.End()
	check(t, "written before its turn", c.Wrote(), "")
	tickets[0].Void()
	check(t, "written when the first is void", c.Wrote(), "1")
	m = replies.New()
	tickets[2].Give(other.Lane, stage.HeadOf(m), nil)
	other.End() // nobody has answered
	n, _ = c.Owed()
	check(t, "owed at the end", n, 0)
}

func TestAMessageWithoutATicketGivesNone(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	arena := stage.NewArena[msg](l.Lane)
	m := request(l.Lane, arena, c)
	ticket := l.Take(stage.HeadOf(m))
	second := l.Take(stage.HeadOf(m))
	check(t, "the second is open", second.Open(), false)
	check(t, "the zero one is open", stage.Ticket{}.Open(), false)
	second.Void()
	stage.Ticket{}.Void()
	n, _ := c.Owed()
	check(t, "owed", n, 1)
	ticket.Void()
	n, _ = c.Owed()
	check(t, "owed at the end", n, 0)
	l.End()
}

func TestWhatWasNotAskedForIsWrittenBetweenAnswers(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	arena := stage.NewArena[msg](l.Lane)
	m := request(l.Lane, arena, c)
	news := arena.New()
	c.Unasked(stage.HeadOf(news), nil)
	reply(l.Lane, news, "news")
	l.End()
	check(t, "written", c.Wrote(), "news")
	check(t, "void with its batch", m != nil, true)
	n, _ := c.Owed()
	check(t, "owed", n, 0)
}

func TestASinkHoldsUpWhatItsLaneReads(t *testing.T) {
	l := stagetest.NewLane("lane")
	check(t, "it may wait", l.Patient(), true)
	l.Awaken() // nobody
	woken, looked := 0, 0
	l.HostedBy("host")
	l.WokenBy(func() { woken++ })
	check(t, "its host", l.Host(), any("host"))
	check(t, "it may wait", l.Patient(), false)
	l.OnRetry(func() {
		if looked++; looked == 2 {
			l.Unstall()
		}
	})
	l.Stall()
	l.Stall()
	l.Unstall()
	check(t, "stalled", l.Stalled(), true)
	l.Awaken()
	check(t, "woken", woken, 1)
	l.Retry()
	check(t, "stalled while there is no room", l.Stalled(), true)
	l.Retry()
	check(t, "stalled", l.Stalled(), false)
}
