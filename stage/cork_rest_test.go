package stage_test

import (
	"testing"

	"github.com/leat-io/leat/stage"
)

// What is called on a lane that rests may answer, as a stage does that is flushed because lanes come or go.
func TestNothingIsHeldBackOfWhatIsCalledOnALaneThatRests(t *testing.T) {
	even, _, c, replies := shared(4)
	<-even.Call(func() {
		replies[0]("0")
		replies[2]("2")
		even.End()
	})
	check(t, "written", c.Wrote(), "0")
	check(t, "it holds something back", even.Corked(), false)
}

func TestWhatIsHeldBackIsNotThePeersFault(t *testing.T) {
	even, odd, c, replies := sharedWith(stage.Limits{InFlight: 8, OutLow: 8, OutHigh: 8, OutHard: 8}, 6)
	replies[0]("00000")
	replies[2]("22")
	even.End()
	check(t, "it holds something back", even.Corked(), true)
	replies[5]("55")
	replies[3]("333")
	odd.End()
	replies[4]("4")
	even.End()
	_, closed := c.Closed()
	check(t, "the connection is closed", closed, false)
	replies[1]("1")
	odd.End()
	check(t, "written", c.Wrote(), "00000"+"1"+"22"+"333"+"4"+"55")
}

func TestNothingIsHeldBackThatWouldStopTheReading(t *testing.T) {
	even, _, c, replies := sharedWith(stage.Limits{InFlight: 8, OutLow: 4, OutHigh: 8, OutHard: 100}, 6)
	replies[0]("0000000")
	replies[2]("22")
	even.End()
	check(t, "written", c.Wrote(), "0000000")
	read, _ := c.Wants()
	check(t, "the connection is read", read, true)
}
