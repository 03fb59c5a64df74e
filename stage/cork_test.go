package stage_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// shared is a connection whose requests alternate between two lanes that hold answers back; replies[i] answers request i.
func shared(n int) (even, odd *stagetest.Lane, c *stagetest.Conn, replies []func(text string)) {
	return sharedWith(roomy, n)
}

func sharedWith(limits stage.Limits, n int) (even, odd *stagetest.Lane, c *stagetest.Conn, replies []func(text string)) {
	even, odd, c = stagetest.NewLane("even"), stagetest.NewLane("odd"), stagetest.NewConn(limits)
	lanes := []*stagetest.Lane{even, odd}
	arenas := []*stage.Arena[msg]{stage.NewArena[msg](even.Lane), stage.NewArena[msg](odd.Lane)}
	for _, l := range lanes {
		l.MayCork()
	}
	for i := range n {
		l := lanes[i%2]
		m := request(l.Lane, arenas[i%2], c)
		kept := stage.Retain(l.Lane, m) // it may be answered in a later batch
		replies = append(replies, func(text string) { reply(l.Lane, kept.Take(l.Lane), text) })
	}
	return even, odd, c, replies
}

func TestLanesThatShareTheRequestsOfAConnectionWriteItOnce(t *testing.T) {
	even, odd, c, replies := shared(4)
	replies[0]("0")
	replies[2]("2")
	even.End()
	check(t, "writes before the answer in between", c.Writes(), 0)
	_, bytes := c.Owed()
	check(t, "bytes owed", bytes, 2)
	replies[1]("1")
	replies[3]("3")
	odd.End()
	check(t, "writes", c.Writes(), 1)
	check(t, "written", c.Wrote(), "0123")
	even.Uncork()
	check(t, "writes when nothing is held back any more", c.Writes(), 1)
	_, open := c.InBook()
	check(t, "there is a book of nothing", open, false)
}

func TestAnAnswerBehindWhichNoneWaitsIsNotHeldBack(t *testing.T) {
	even, _, c, replies := shared(2)
	replies[0]("0")
	even.End()
	check(t, "written", c.Wrote(), "0")
}

func TestNothingIsHeldBackOfALaneThatRests(t *testing.T) {
	even, odd, c, replies := shared(4)
	replies[0]("0")
	replies[2]("2")
	even.End()
	check(t, "it holds something back", even.Corked(), true)
	even.Uncork()
	check(t, "written", c.Wrote(), "0")
	check(t, "it holds something back", even.Corked(), false)
	replies[1]("1")
	replies[3]("3")
	odd.End()
	check(t, "written", c.Wrote(), "0123")
}

// The lane that was first to hold something back of a connection may be busy for long.
func TestALaneThatRestsWritesWhatItHoldsBackWhoeverElseDoes(t *testing.T) {
	even, odd, c, replies := shared(8)
	replies[0]("0")
	replies[2]("2")
	even.End()
	replies[1]("1")
	replies[5]("5")
	odd.End()
	check(t, "written", c.Wrote(), "")
	odd.Uncork()
	check(t, "written", c.Wrote(), "012")
}

func TestALaneThatWasNotAskedToHoldsNothingBack(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	a := stage.NewArena[msg](l.Lane)
	first, _, third := request(l.Lane, a, c), request(l.Lane, a, c), request(l.Lane, a, c)
	reply(l.Lane, first, "0")
	reply(l.Lane, third, "2")
	l.End()
	check(t, "written", c.Wrote(), "02") // the second is void
}

func TestAConnectionThatFailsLosesWhatIsHeldBack(t *testing.T) {
	even, _, c, replies := shared(4)
	replies[0]("0")
	replies[2]("2")
	even.End()
	c.Fail(errGone)
	even.Uncork()
	check(t, "writes", c.Writes(), 0)
}

var errGone = &stage.Reason{Label: "gone"}

// A lane whose batches are long has its answers wait for their ends already.
func TestALaneWithLongBatchesHoldsNothingBackButOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		even, odd, c, replies := shared(12)
		answer := func(l *stagetest.Lane, requests ...int) {
			for _, i := range requests {
				replies[i](string(rune('a' + i)))
			}
			l.End()
		}
		answer(even, 0, 2)
		check(t, "written", c.Wrote(), "")
		time.Sleep(time.Millisecond)
		answer(even) // finds that it was too long
		check(t, "written", c.Wrote(), "a")
		answer(odd, 1)
		answer(odd, 3)
		answer(even, 4, 6)
		check(t, "written", c.Wrote(), "abcde")
		check(t, "it holds something back", even.Corked(), false)
		even.Uncork() // it rests
		answer(odd, 5)
		answer(odd, 7)
		answer(even, 8, 10)
		check(t, "written", c.Wrote(), "abcdefgh")
		check(t, "it holds something back", even.Corked(), true)
	})
}

// Whoever has work without end writes what it has held back for a while.
func TestNothingIsHeldBackForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		even, _, c, replies := shared(4)
		replies[0]("0")
		replies[2]("2")
		even.End()
		for range 3 {
			time.Sleep(40 * time.Microsecond)
			even.End()
		}
		check(t, "written", c.Wrote(), "0")
	})
}
