package stage_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// A supply gives pieces in their order, and remembers what it got back.
type supply struct {
	pieces   []string
	back     []string
	takings  int
	finished bool // the last taking gave nothing
}

func (s *supply) Take(done []byte) []byte {
	s.takings++
	if done != nil {
		s.back = append(s.back, string(done))
	}
	if s.finished = len(s.pieces) == 0; s.finished {
		return nil
	}
	b := []byte(s.pieces[0])
	s.pieces = s.pieces[1:]
	return b
}

func TestASupplyIsTakenFromUntilItIsEmpty(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	s := &supply{pieces: []string{"one ", "two ", "three"}}
	l.Pump(&c.Conn, s)
	check(t, "written", c.Wrote(), "one two three")
	check(t, "given back", strings.Join(s.back, "|"), "one |two |three")
	check(t, "finished", s.finished, true)
}

// What the peer does not take waits, and nothing more is taken from the supply until it has gone.
func TestASupplyWaitsForThePeer(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	s := &supply{pieces: []string{"12345", "678", "90"}}
	c.Take(2)
	l.Pump(&c.Conn, s)
	check(t, "takings", s.takings, 1)
	_, write := c.Wants()
	check(t, "the connection waits to be written", write, true)
	l.Pump(&c.Conn, s) // who comes meanwhile changes nothing
	check(t, "takings", s.takings, 1)
	c.Take(2)
	check(t, "takings", s.takings, 1)
	c.Take(2)
	check(t, "written", c.Wrote(), "123456")
	check(t, "given back", strings.Join(s.back, "|"), "12345")
	s.pieces = append(s.pieces, "late")
	c.Take(-1)
	check(t, "written", c.Wrote(), "1234567890late")
	check(t, "finished", s.finished, true)
	_, write = c.Wants()
	check(t, "the connection waits to be written", write, false)
	l.Pump(&c.Conn, s)
	check(t, "given back", strings.Join(s.back, "|"), "12345|678|90|late")
}

// Two sides that stop reading because the other does not read would wait for each other for ever.
func TestOutputOfASupplyDoesNotStopTheReading(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(stage.Limits{InFlight: 8, OutLow: 4, OutHigh: 8, OutHard: 1000})
	c.Take(0)
	l.Pump(&c.Conn, &supply{pieces: []string{strings.Repeat("x", 100)}})
	read, _ := c.Wants()
	check(t, "the connection is read", read, true)
}

func TestAConnectionThatEndsIsWrittenFirst(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	s := &supply{pieces: []string{"one ", "two"}}
	c.Take(1)
	l.Pump(&c.Conn, s)
	c.Finish(nil)
	_, closed := c.Closed()
	check(t, "closed", closed, false)
	c.Take(-1)
	_, closed = c.Closed()
	check(t, "closed", closed, true)
	check(t, "written", c.Wrote(), "one two")
}

func TestNothingIsTakenForAConnectionThatIsGone(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	s := &supply{pieces: []string{"one", "two"}}
	c.Fail(errors.New("gone"))
	l.Pump(&c.Conn, s)
	check(t, "takings", s.takings, 0)
	c = stagetest.NewConn(roomy)
	c.Break(errors.New("broken"))
	l.Pump(&c.Conn, s)
	check(t, "takings", s.takings, 1)
}
